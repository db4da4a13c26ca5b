//! Owns [`Plan`]: how a scenario is to be explored, whole and valid before anything starts.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fault::FaultModel;
use crate::isolation::Isolation;
use crate::regression::Regression;
use crate::shard::Shard;

/// How to explore a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// In which order schedules are tried.
    pub strategy: StrategyKind,
    /// How many orderings must come together for [`StrategyKind::Pct`] to be likely to find a race, at least 1.
    pub pct_depth: usize,
    /// Whether schedules that differ only in the order of independent requests count as one. Only where preemptions are not
    /// bounded: how many a schedule has differs among those.
    pub reduces: bool,
    /// The most preemptions (switches away from a worker that could go on) in a schedule.
    pub preemption_bound: Option<usize>,
    /// The most executions (or bursts) of the search, at least 1.
    pub schedules_max: u64,
    /// The longest wall time of the search; a running execution is finished first.
    pub budget: Duration,
    /// How much longer a search goes on whose model has faults, not one of which has happened: it would say nothing.
    pub patience: Duration,
    /// How many workers to run instead of the scenario's own number, at least 1.
    pub workers: Option<usize>,
    /// The isolation level of transactions that name none; `None` is the store's own.
    pub isolation: Option<Isolation>,
    /// What may break, and whether anybody may pause.
    pub model: FaultModel,
    /// The most requests of an execution that are stopped before they write their first row, so that other workers
    /// get between what they saw and what they write; 0 takes requests for atomic.
    pub splits_max: usize,
    /// Whether what the stores need to split requests is installed even if none is split. The results must be the same
    /// with and without.
    pub installs_splits: bool,
    /// Which part of the search is made.
    pub shard: Shard,
    /// How often each schedule is executed, at least 1; the histories must be the same.
    pub repeat: u32,
    /// Whether to go on after the first violation, to the end of the budget.
    pub keep_going: bool,
    /// Schedules that once violated an invariant; those that belong to the scenario and this plan are retried before
    /// anything else is tried.
    pub regressions: Vec<Regression>,
    /// Whether the first violation is replayed, shrunk and told step by step.
    pub has_evidence: bool,
    /// Most distinct final states that are counted.
    pub final_states_max: usize,
    /// Bounds on one execution.
    pub limits: RunLimits,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 0,
            strategy: StrategyKind::Portfolio,
            pct_depth: 3,
            reduces: true,
            preemption_bound: None,
            schedules_max: 20_000,
            budget: Duration::from_secs(30),
            patience: Duration::ZERO,
            workers: None,
            isolation: None,
            model: FaultModel::default(),
            splits_max: 1,
            installs_splits: false,
            shard: Shard::WHOLE,
            repeat: 1,
            keep_going: false,
            regressions: Vec::new(),
            has_evidence: true,
            final_states_max: 64,
            limits: RunLimits::default(),
        }
    }
}

impl Plan {
    /// Whether a search of the scenario called `scenario` could have found `regression`: at the same level, under the same fault
    /// model, with as many splits.
    #[must_use]
    pub fn could_find(&self, scenario: &str, regression: &Regression) -> bool {
        regression.scenario == scenario
            && regression.isolation == self.isolation
            && regression.model == self.model
            && regression.schedule.splits() <= self.splits_max
    }

    /// The plan under which `regression` is retried: with the chance and the workers with which it was found.
    #[must_use]
    pub fn retrying(&self, regression: &Regression) -> Self {
        Self {
            seed: regression.seed,
            workers: Some(regression.workers),
            isolation: regression.isolation,
            model: regression.model.clone(),
            splits_max: self.splits_max.max(regression.schedule.splits()),
            regressions: Vec::new(),
            ..self.clone()
        }
    }
}

/// Bounds on one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Most choices in one execution.
    pub steps_max: usize,
    /// Longest time that a worker may take between a reply and its next request or its end.
    pub settle_ms_max: u64,
    /// Longest time that a store may take for one step.
    pub step_ms_max: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { steps_max: 1_000, settle_ms_max: 5_000, step_ms_max: 10_000 }
    }
}

/// In which order schedules are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyKind {
    /// As [`Dfs`](Self::Dfs), and when that has not come to an end after a while, in turn with samples of the others.
    Portfolio,
    /// Systematic, exhaustive within the preemption bound; every schedule, or every class of equivalent ones, once.
    Dfs,
    /// A seeded random walk: each choice uniform among those possible.
    Random,
    /// Probabilistic concurrency testing: workers with random priorities.
    Pct,
    /// Partial-order sampling: pending requests with random priorities.
    Pos,
    /// Nothing is chosen: the workers are released together and run free, again and again.
    Burst,
}

impl StrategyKind {
    /// Every strategy.
    pub const ALL: [Self; 6] = [Self::Portfolio, Self::Dfs, Self::Random, Self::Pct, Self::Pos, Self::Burst];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portfolio => "portfolio",
            Self::Dfs => "dfs",
            Self::Random => "random",
            Self::Pct => "pct",
            Self::Pos => "pos",
            Self::Burst => "burst",
        }
    }

    /// Whether it can come to an end, with every schedule tried.
    #[must_use]
    pub const fn is_exhaustive(self) -> bool {
        matches!(self, Self::Portfolio | Self::Dfs)
    }

    /// What there are many of in a search: schedules, or bursts.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            _ => "schedule",
        }
    }
}

impl fmt::Display for StrategyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no strategy (use {names})", names = StrategyKind::ALL.map(StrategyKind::name).join(", "))]
pub struct StrategyKindError(pub String);

impl FromStr for StrategyKind {
    type Err = StrategyKindError;

    fn from_str(text: &str) -> Result<Self, StrategyKindError> {
        let named = Self::ALL.into_iter().find(|kind| kind.name() == text);
        named.ok_or_else(|| StrategyKindError(text.to_owned()))
    }
}
