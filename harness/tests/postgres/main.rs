//! Owns the tests of Postgres as the gate sees it, against a real server.
//!
//! Without PostgreSQL and Docker they fail; `ci/setup` installs what they need.

#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the helpers that they share")]

mod connections;
mod holding;
mod standing;
mod states;
mod support;
mod time;
