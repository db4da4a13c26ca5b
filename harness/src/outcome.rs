//! Owns [`Outcome`]: everything that one search of one scenario came to. Rendering it is the business
//! of the reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::card::Card;
use crate::history::Trace;
use crate::verdict::{Verdict, Violation};

/// The result of exploring one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which scenario, what it promises and what is expected of it.
    pub card: Card,
    /// How many workers took part.
    pub workers: usize,
    /// The seed from which all chance came.
    pub seed: u64,
    /// What it came to.
    pub verdict: Verdict,
    /// How much was explored.
    pub coverage: Coverage,
    /// The evidence, if the verdict is a violation.
    pub counterexample: Option<Counterexample>,
    /// The stores it ran against, one line each.
    pub stores: Vec<String>,
    /// Which clocks were in force.
    pub clock: String,
}

impl Outcome {
    /// Whether the verdict is the one that the scenario's card expects. A violation stays one whatever ended the
    /// search; a pass of a search that the user ended says nothing.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        match (&self.verdict, self.card.expected.is_violation()) {
            (Verdict::Pass, _) if self.coverage.stopped == Stopped::Interrupted => Judgement::Interrupted,
            (Verdict::Inconclusive(_), _) => Judgement::Inconclusive,
            (Verdict::Violation(_), true) | (Verdict::Pass, false) => Judgement::AsExpected,
            (Verdict::Pass, true) => Judgement::MissedBug,
            (Verdict::Violation(_), false) => Judgement::FalseAlarm,
        }
    }
}

/// How a verdict compares with what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// A broken variant was caught, or a correct one passed.
    AsExpected,
    /// Nothing can be said.
    Inconclusive,
    /// The user ended the search before it had found anything.
    Interrupted,
    /// A broken variant passed.
    MissedBug,
    /// A correct variant was flagged.
    FalseAlarm,
}

/// How much of the scenario's schedules was looked at; what a pass is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The strategy, such as `dfs` or `random`.
    pub strategy: String,
    /// Executions made by the search itself, each of another schedule where the strategy is `dfs`.
    pub schedules: u64,
    /// Steps made by the search, all executions together.
    pub steps: u64,
    /// Whether every schedule within the bound was explored.
    pub exhausted: bool,
    /// The most preemptions in a schedule, if bounded.
    pub preemption_bound: Option<usize>,
    /// Why the search ended.
    pub stopped: Stopped,
    /// How many of the executions violated an invariant.
    pub violating: u64,
    /// Which execution was the first to violate one, from 1.
    pub first_violation: Option<u64>,
    /// Final states of the stores and how often each was reached; at most `FINAL_STATES_MAX`.
    pub final_states: BTreeMap<String, u64>,
    /// How often workers ended with an unhandled error, by its text; at most `FAILURES_MAX`.
    pub failures: BTreeMap<String, u64>,
    /// Wall time of the search, in microseconds.
    pub elapsed_us: u64,
}

/// Most distinct final states that a coverage lists.
pub const FINAL_STATES_MAX: usize = 64;
/// Most distinct texts of failures that a coverage lists.
pub const FAILURES_MAX: usize = 16;

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// There was nothing left to explore.
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
}

/// What replaying one schedule several times gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    use crate::verdict::Inconclusive;

    fn judged(verdict: Verdict, is_broken: bool, stopped: Stopped) -> Judgement {
        let anomaly = "lost update".to_owned();
        let card = Card {
            name: "a/a".to_owned(),
            about: String::new(),
            expected: if is_broken { Expectation::Violation { anomaly } } else { Expectation::Pass },
            stores: Vec::new(),
            workers: 2,
            source: None,
        };
        let coverage = Coverage {
            strategy: "dfs".to_owned(),
            schedules: 1,
            steps: 1,
            exhausted: false,
            preemption_bound: None,
            stopped,
            violating: 0,
            first_violation: None,
            final_states: BTreeMap::new(),
            failures: BTreeMap::new(),
            elapsed_us: 1,
        };
        let (stores, clock) = (Vec::new(), String::new());
        let outcome =
            Outcome { card, workers: 2, seed: 0, verdict, coverage, counterexample: None, stores, clock };
        outcome.judgement()
    }

    /// Every verdict, for a broken and a correct variant, in a search that ended by itself and in one that the user ended.
    #[test]
    fn verdict_expectation_and_end_make_the_judgement() {
        let violation = Violation { invariant: String::new(), found: String::new(), step: None };
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
