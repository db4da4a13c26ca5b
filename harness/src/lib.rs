//! Raceproof's engine: real stores behind a gate, where every interleaving is a choice.

pub mod card;
pub mod check;
pub mod choice;
pub mod history;
pub mod id;
mod merge_stub;
pub mod outcome;
pub mod plan;
pub mod verdict;
pub mod wire;

pub use card::{Card, Expectation};
pub use check::{Invariant, View};
pub use choice::{Choice, Schedule};
pub use id::{ConnectionId, WorkerId};
pub use merge_stub::{Error, interrupt, run, scenario, store};
pub use outcome::Outcome;
pub use plan::Plan;
pub use scenario::Scenario;
pub use verdict::{Inconclusive, Verdict, Violation};
