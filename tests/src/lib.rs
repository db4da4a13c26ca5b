//! Nothing but tests: see `tests/`. They look at the repository as a whole, so they belong to no other crate.

/// The Rust in this document compiles.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
pub struct Contributing;
