//! Owns the judgement of executions: pure functions from what happened to a verdict.

mod conservation;
mod course;
mod delivery;
mod dependencies;
mod exclusion;
mod explanation;
mod invariant;
mod opinion;
mod promises;
#[cfg(test)]
mod sample;
mod serial;
mod session;
mod staleness;
mod telling;
mod versions;
mod window;

pub mod linearizability;
pub mod models;
pub mod reading;

pub use conservation::conserved;
pub use course::{Course, Said, When};
pub use delivery::Delivery;
pub use dependencies::{
    Access, Analysis, Anomaly, Cycle, Dependency, Finding, Header, Level, LevelError, Link, MICROS_MAX,
    Malformed, Member, Micro, MicroList, NotationError, Scope, Seen, Status, TOLD_MAX, TRANSACTION,
    Transactions, cycle_of, judge_transactions,
};
pub use exclusion::mutual_exclusion;
pub use explanation::Explanation;
pub use invariant::{Invariant, View};
pub use opinion::Opinion;
pub use serial::SerialOutcomes;
pub use session::Guarantee;
pub use staleness::Staleness;
pub use window::SlidingWindow;
