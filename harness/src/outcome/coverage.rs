//! Owns [`Coverage`]: how much of a scenario's schedules was looked at, and why it was not more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::grace::Grace;
use super::reduction::Reduction;
use crate::choice::Schedule;
use crate::shard::Shard;

/// How much of the scenario's schedules was looked at; what a pass is worth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// The strategy, such as `dfs`, `random` or `burst`.
    pub strategy: String,
    /// Which part of the search this is, if it is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Which parts were not there when the others were merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Shard>,
    /// How many workloads were drawn, if the scenario generates its operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads: Option<Workloads>,
    /// Executions made by the search itself, each of another schedule where the strategy is `dfs`; bursts where it is
    /// `burst`.
    pub schedules: u64,
    /// How many of these were stopped where what comes had come of another one.
    #[serde(default)]
    pub redundant: u64,
    /// Whether schedules that differ only in the order of independent steps counted as one, and what became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction: Option<Reduction>,
    /// Steps made by the search, all executions together; 0 of bursts, which have none.
    pub steps: u64,
    /// Whether every schedule within the bound was explored.
    pub exhausted: bool,
    /// The most preemptions in a schedule, if bounded.
    pub preemption_bound: Option<usize>,
    /// The most requests that were stopped half-way in a schedule: 0 takes requests for atomic, `None` says that the
    /// stores cannot do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splits_max: Option<usize>,
    /// Executions of regressions, before the search.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub regressions: u64,
    /// How often the search went on from its checkpoint after it had been ended before its end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u64,
    /// Executions of schedules that had been executed before, to compare the histories.
    #[serde(default)]
    pub repeats: u64,
    /// How many of those told another history.
    #[serde(default)]
    pub differing: u64,
    /// In how many executions a worker ended with a conflict that it did not handle, by the store's code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflicts: BTreeMap<String, u64>,
    /// How many faults happened, by kind, in all executions together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<String, u64>,
    /// How often one step woke several requests whose order could not be decided.
    #[serde(default)]
    pub undecided_wakings: u64,
    /// How often a time decided that a program outside waits; `None` if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Grace>,
    /// Why the search ended.
    pub stopped: Stopped,
    /// How many of the executions violated an invariant.
    pub violating: u64,
    /// In how many of the executions each invariant was violated, by its promise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub violated: BTreeMap<String, u64>,
    /// Which execution was the first to violate one, from 1.
    pub first_violation: Option<u64>,
    /// Its schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violating_schedule: Option<Schedule>,
    /// Final states of the stores and how often each was reached; at most [`Plan::final_states_max`](crate::Plan::final_states_max).
    pub final_states: BTreeMap<String, u64>,
    /// How often workers ended with an unhandled error, by its text; at most `FAILURES_MAX`.
    pub failures: BTreeMap<String, u64>,
    /// Wall time of the search, in microseconds.
    pub elapsed_us: u64,
}

/// The workloads of a search of generated operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Workloads {
    /// How many were drawn.
    pub drawn: u64,
    /// Of how many of them every schedule within the bound was explored.
    pub exhausted: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Most distinct texts of failures that a coverage lists.
pub const FAILURES_MAX: usize = 16;

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// There was nothing left to explore.
    #[default]
    Exhausted,
    /// The first violation was found, and the search was not asked to go on.
    FirstViolation,
    /// The budget of schedules was spent.
    ScheduleBudget,
    /// The budget of wall time was spent.
    TimeBudget,
    /// Something made every further execution pointless (see the verdict).
    Inconclusive,
    /// The user interrupted it.
    Interrupted,
}
