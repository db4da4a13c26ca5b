//! Owns [`Progress`]: how far a search has come, told while it goes on.

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Executions so far.
    pub schedules: u64,
    /// The budget of executions.
    pub schedules_max: u64,
    /// Executions so far that violated an invariant.
    pub violating: u64,
}
