//! Owns the tests of the stores against the real things: containers, processes, signals and kills.
//!
//! Without Docker, Redis or PostgreSQL they fail; `ci/setup` installs what they need.

#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the helpers that they share")]

#[path = "../common/own_child.rs"]
mod own_child;
#[path = "../common/traces.rs"]
mod traces;

mod clock;
mod leftovers;
mod providers;
mod support;
mod url;
