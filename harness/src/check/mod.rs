//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod invariant;
mod opinion;

pub use invariant::{Invariant, View};
pub use opinion::Opinion;
