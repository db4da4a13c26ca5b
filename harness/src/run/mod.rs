//! Owns the course of a run: executions, searches, and what is made of a violation.

mod difference;
mod digest;
mod engine;
mod evidence;
mod executed;
mod execution;
mod halt;
mod idle;
mod judging;
mod log;
mod panics;
mod patience;
mod progress;
mod rig;
mod search;
mod settling;
mod shrink;
mod tally;

pub use engine::{Engine, Replay};
pub use progress::Progress;
