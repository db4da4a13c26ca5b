//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod invariant;

pub use invariant::{Invariant, View};
