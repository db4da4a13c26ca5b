//! Raceproof's engine: real stores behind a gate, where every interleaving is a choice.

pub mod card;
pub mod check;
pub mod choice;
pub mod explore;
pub mod history;
pub mod id;
pub mod outcome;
pub mod plan;
pub mod verdict;
pub mod wire;

pub use card::{Card, Expectation};
pub use check::{Invariant, View};
pub use choice::{Choice, Schedule};
pub use id::{ConnectionId, WorkerId};
pub use outcome::Outcome;
pub use verdict::{Inconclusive, Verdict, Violation};
