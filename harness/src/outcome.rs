//! Owns [`Outcome`]: everything that one search of one scenario came to. Rendering it is the business
//! of the reports.

mod grace;
mod judgement;
mod merging;
mod reduction;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::burst::Bursts;
use crate::card::{Card, Expectation};
use crate::check::Cycle;
use crate::checkpoint::Checkpoint;
use crate::choice::Schedule;
use crate::fault::FaultModel;
use crate::history::{Trace, Typed};
use crate::isolation::Isolation;
use crate::regression::Retried;
use crate::shard::Shard;
use crate::verdict::{Verdict, Violation};

pub use grace::Grace;
pub use judgement::Judgement;
pub(crate) use merging::winner;
pub use merging::{MergeError, merge};
pub use reduction::Reduction;

/// The result of exploring one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outcome {
    /// Which scenario, what it promises and what is expected of it.
    pub card: Card,
    /// How many workers took part; those of the regression if the evidence is of one.
    pub workers: usize,
    /// The isolation level of transactions that named none; `None` is the store's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// What could break, and whether anybody could pause.
    #[serde(default)]
    pub model: FaultModel,
    /// The seed from which all chance came; that of the regression if the evidence is of one.
    pub seed: u64,
    /// What it came to.
    pub verdict: Verdict,
    /// How much was explored.
    pub coverage: Coverage,
    /// What became of the regressions that were retried before the search, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressions: Vec<Retried>,
    /// The evidence, if the verdict is a violation.
    pub counterexample: Option<Counterexample>,
    /// What running free came to, if that is how the scenario ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bursts: Option<Bursts>,
    /// From where the search goes on, if it was ended before it had come to its end: one for each engine that made a part of it, in
    /// the order of the parts. Records do not hold them.
    #[serde(skip)]
    pub checkpoints: Vec<Checkpoint>,
    /// The stores it ran against, one line each.
    pub stores: Vec<String>,
    /// Which clocks were in force.
    pub clock: String,
}

impl Outcome {
    /// The verdict that the scenario's card expects at this level and under this model; `None` if it does not say.
    #[must_use]
    pub fn expected(&self) -> Option<&Expectation> {
        self.card.expected_under(self.isolation, &self.model)
    }

    /// The fault model, if it is told beside the scenario's name: it is one of several that the card speaks of, or not
    /// the default.
    #[must_use]
    pub fn told_model(&self) -> Option<&FaultModel> {
        self.card.tells(&self.model).then_some(&self.model)
    }

    /// Itself, from where its parts go on only if a budget or the user has ended it.
    pub(crate) fn with_checkpoints_if_unfinished(mut self) -> Self {
        if !matches!(
            self.coverage.stopped,
            Stopped::Interrupted | Stopped::TimeBudget | Stopped::ScheduleBudget
        ) {
            self.checkpoints.clear();
        }
        self
    }

    /// Has the search that goes on know the evidence of the violation behind which it does.
    pub(crate) fn keep_evidence(&mut self) {
        for checkpoint in &mut self.checkpoints {
            let evidence = self.counterexample.clone();
            checkpoint.body.evidence = evidence.map(|evidence| (self.seed, self.workers, evidence));
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Expectation;
    use crate::fault::FaultKind;
    use crate::verdict::Inconclusive;

    /// A model of which nothing happened was not explored, so a pass under it is none; a violation stays one.
    #[test]
    fn pass_without_any_of_the_faults_is_inconclusive() {
        let violation = Violation::new("", "", None);
        let mut outcome = outcome(Verdict::Pass, false, Stopped::Exhausted);
        outcome.model = FaultModel::one(FaultKind::FailOver);
        outcome.card.models = [(outcome.model.clone(), Expectation::Pass)].into();
        assert_eq!(outcome.judgement(), Judgement::Inconclusive);
        outcome.coverage.faults.insert("fail-over".to_owned(), 1);
        assert_eq!(outcome.judgement(), Judgement::AsExpected);
        outcome.coverage.faults.clear();
        outcome.verdict = Verdict::Violation(violation);
        assert_eq!(outcome.judgement(), Judgement::FalseAlarm);
    }

    fn judged(verdict: Verdict, is_broken: bool, stopped: Stopped) -> Judgement {
        outcome(verdict, is_broken, stopped).judgement()
    }

    pub(super) fn outcome(verdict: Verdict, is_broken: bool, stopped: Stopped) -> Outcome {
        let anomaly = "lost update".to_owned();
        let card = Card {
            name: "a/a".to_owned(),
            expected: if is_broken { Expectation::Violation { anomaly } } else { Expectation::Pass },
            stores: Vec::new(),
            workers: 2,
            ..Card::default()
        };
        let coverage = Coverage {
            strategy: "dfs".to_owned(),
            schedules: 1,
            steps: 1,
            stopped,
            elapsed_us: 1,
            ..Coverage::default()
        };
        let (stores, clock) = (Vec::new(), String::new());
        Outcome {
            card,
            workers: 2,
            isolation: None,
            model: FaultModel::default(),
            seed: 0,
            verdict,
            coverage,
            regressions: Vec::new(),
            counterexample: None,
            bursts: None,
            checkpoints: Vec::new(),
            stores,
            clock,
        }
    }

    /// What one part of a search did not see may be in another; what it saw is there.
    #[test]
    fn broken_variant_that_passes_in_a_part_is_not_judged_there() {
        let mut part = outcome(Verdict::Pass, true, Stopped::Exhausted);
        part.coverage.shard = "1/2".parse().ok();
        assert_eq!(part.judgement(), Judgement::Unjudged);
        part.card.expected = Expectation::Pass;
        assert_eq!(part.judgement(), Judgement::AsExpected);
        part.verdict = Verdict::Violation(Violation::new("", "", None));
        assert_eq!(part.judgement(), Judgement::FalseAlarm);
    }

    /// Whether a missing part has a violation cannot be known; one that was found stays one.
    #[test]
    fn pass_with_a_missing_part_is_inconclusive() {
        for is_broken in [false, true] {
            let mut merged = outcome(Verdict::Pass, is_broken, Stopped::Exhausted);
            merged.coverage.missing = "2/2".parse().into_iter().collect();
            assert_eq!(merged.judgement(), Judgement::Inconclusive);
        }
    }

    /// Every verdict, for a broken and a correct variant, in a search that ended by itself and in one that the user ended.
    #[test]
    fn verdict_expectation_and_end_make_the_judgement() {
        let violation = Violation::new("", "", None);
        let unsure = Inconclusive::StepLimit { steps_max: 1 };
        let ended = Stopped::ScheduleBudget;
        for (verdict, is_broken, by_itself, by_the_user) in [
            (Verdict::Pass, false, Judgement::AsExpected, Judgement::Interrupted),
            (Verdict::Pass, true, Judgement::MissedBug, Judgement::Interrupted),
            (Verdict::Violation(violation.clone()), true, Judgement::AsExpected, Judgement::AsExpected),
            (Verdict::Violation(violation), false, Judgement::FalseAlarm, Judgement::FalseAlarm),
            (Verdict::Inconclusive(unsure), false, Judgement::Inconclusive, Judgement::Inconclusive),
        ] {
            assert_eq!(judged(verdict.clone(), is_broken, ended), by_itself, "{verdict:?}");
            assert_eq!(judged(verdict.clone(), is_broken, Stopped::Interrupted), by_the_user, "{verdict:?}");
        }
    }
}
