//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod dependencies;
mod invariant;
mod opinion;
#[cfg(test)]
mod sample;
mod serial;
mod telling;

pub mod linearizability;
pub mod models;

pub use dependencies::{
    Access, Analysis, Anomaly, Cycle, Dependency, Finding, Header, Level, LevelError, Link, MICROS_MAX,
    Malformed, Member, Micro, MicroList, NotationError, Scope, Seen, Status, TOLD_MAX, TRANSACTION,
    Transactions, cycle_of,
};
pub use invariant::{Invariant, View};
pub use opinion::Opinion;
pub use serial::SerialOutcomes;
