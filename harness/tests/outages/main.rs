//! Tests of what happens when whole stores are killed: searches against real servers, by both providers.

#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the helpers that they share")]

#[path = "../common/own_child.rs"]
mod own_child;
#[path = "../common/traces.rs"]
mod traces;

mod fail_over;
mod inside;
mod interrupted;
mod postgres;
mod probe;
mod redis;
mod several;
