//! Tests of what happens when whole stores are killed: searches against real servers, by both providers.

#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the helpers that they share")]

mod fail_over;
mod interrupted;
mod postgres;
mod probe;
mod redis;
mod several;
