//! Owns [`Counterexample`]: the evidence of a violation.

use serde::{Deserialize, Serialize};

use crate::check::Cycle;
use crate::history::{Trace, Typed};
use crate::verdict::Violation;

/// The evidence of a violation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counterexample {
    /// What was violated in the shrunk execution.
    pub violation: Violation,
    /// The execution in which it was found.
    pub original: Trace,
    /// How the schedule in which it was found behaved when it was replayed, before shrinking.
    pub original_replays: Replays,
    /// The smallest execution with the same violation that shrinking reached.
    pub shrunk: Trace,
    /// How the shrunk schedule behaved when it was replayed.
    pub replays: Replays,
    /// How many executions shrinking tried.
    pub shrink_candidates: u64,
    /// The closest execution to the shrunk one that passes, if one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passing: Option<Passing>,
    /// Why no serial order of the workers' operations explains the shrunk execution, if that can be told exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Cycle>,
    /// What the set-up has sent to each store, as it can be typed; `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_up: Option<Vec<Typed>>,
}

/// An execution that passes, beside one that violates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passing {
    /// The execution.
    pub trace: Trace,
    /// The first step (from 1) at which something else is chosen than in the violating one.
    pub differs_at: usize,
    /// How many executions were tried to find it.
    pub candidates: u64,
}

/// What replaying one schedule several times gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replays {
    /// How often it was replayed.
    pub attempts: u32,
    /// How many replays showed the same violation.
    pub reproduced: u32,
    /// How many replays told another history, even if the violation was the same.
    pub differing: u32,
    /// The first difference: step (from 1) and what differed.
    pub first_difference: Option<(usize, String)>,
}
