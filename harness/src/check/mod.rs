//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod invariant;
mod opinion;
#[cfg(test)]
mod sample;
mod serial;
mod telling;

pub mod linearizability;
pub mod models;

pub use invariant::{Invariant, View};
pub use opinion::Opinion;
pub use serial::SerialOutcomes;
