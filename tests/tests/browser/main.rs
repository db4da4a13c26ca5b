//! The report's page in a real browser: what it shows, that it can be used, and that nothing in it does anything.
//!
//! These tests fail where Chromium or the accessibility engine is missing; `ci/setup` brings both. What was seen is kept
//! in `target/screenshots`.

mod accessibility;
mod bytes;
mod hostile;
mod looks;
mod records;
mod size;
mod tab;
mod use_of_it;
