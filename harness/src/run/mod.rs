//! Owns the course of a run: executions, searches, and what is made of a violation.

mod digest;
mod engine;
mod evidence;
mod executed;
mod execution;
mod halt;
mod idle;
mod log;
mod patience;
mod rig;
mod search;
mod shrink;
mod tally;

pub use engine::{Engine, Progress, Replay};
