//! Raceproof's engine: real stores behind a gate, where every interleaving is a choice.

pub mod card;
pub mod check;
pub mod choice;
pub mod clock;
pub mod error;
pub mod explore;
pub mod gate;
pub mod history;
pub mod id;
pub mod interrupt;
pub mod outcome;
pub mod plan;
pub mod run;
pub mod scenario;
pub mod store;
pub mod verdict;
pub mod wire;
pub mod worker;

pub use card::{Card, Expectation};
pub use check::{Invariant, View};
pub use choice::{Choice, Schedule};
pub use error::Error;
pub use id::{ConnectionId, WorkerId};
pub use outcome::Outcome;
pub use plan::Plan;
pub use scenario::Scenario;
pub use verdict::{Inconclusive, Verdict, Violation};
pub use worker::Worker;
