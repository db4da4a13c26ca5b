//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod invariant;
mod opinion;
mod serial;

pub use invariant::{Invariant, View};
pub use opinion::Opinion;
pub use serial::SerialOutcomes;
