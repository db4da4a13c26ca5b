//! Owns the course of a run: executions, searches, and what is made of a violation.

mod aftermath;
mod clocks;
mod difference;
mod earliest;
mod engine;
mod evidence;
mod executed;
mod execution;
mod faults;
mod following;
mod halt;
mod idle;
mod job;
mod jobs;
mod judging;
mod log;
mod options;
mod panics;
mod patience;
mod polling;
mod progress;
mod rig;
mod search;
mod settling;
mod shrink;
mod stutter;
mod surroundings;
mod tally;
mod time;
mod timers;

pub use engine::{Engine, Replay};
pub use jobs::Jobs;
pub use progress::Progress;
