//! Owns the course of a run: executions, searches, and what is made of a violation.

mod aftermath;
mod burst;
mod clocks;
mod closest;
mod continuing;
mod difference;
mod engine;
mod evidence;
mod executed;
mod execution;
mod faults;
mod following;
mod halt;
mod idle;
mod judging;
mod log;
mod options;
mod panics;
mod patience;
mod polling;
mod progress;
mod regression_folder;
mod retry;
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
pub use progress::Progress;
pub use regression_folder::{RegressionFolder, RegressionFolderError, Settled};
pub use retry::Followed;
