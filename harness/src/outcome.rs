//! Owns [`Outcome`]: everything that one search of one scenario came to. Rendering it is the business
//! of the reports.

pub(crate) mod counterexample;
pub(crate) mod coverage;
mod grace;
mod judgement;
mod merging;
mod reduction;

use serde::{Deserialize, Serialize};

use crate::burst::Bursts;
use crate::card::{Card, Expectation};
use crate::checkpoint::Checkpoint;
use crate::fault::FaultModel;
use crate::isolation::Isolation;
use crate::plan::Plan;
use crate::regression::{Regression, Retried, SentStep};
use crate::verdict::Verdict;

pub use counterexample::{Counterexample, Passing, Replays};
pub use coverage::{Coverage, FAILURES_MAX, Stopped, Workloads};
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

    /// The plan under which it was made, as far as a replay of its violation needs it.
    #[must_use]
    pub fn replay_plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            workers: Some(self.workers),
            isolation: self.isolation,
            model: self.model.clone(),
            splits_max: self.coverage.splits_max.unwrap_or(0),
            ..Plan::default()
        }
    }

    /// Its violation as it is kept, if it has one with evidence.
    #[must_use]
    pub fn regression(&self) -> Option<Regression> {
        let evidence = self.counterexample.as_ref()?;
        let trace = &evidence.shrunk;
        // The worker of an aftermath comes by itself when the others are done.
        let team = trace.workers.iter().copied().filter(|worker| worker.index() < self.workers).collect();
        Some(Regression {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.card.name.clone(),
            isolation: self.isolation,
            model: self.model.clone(),
            workers: self.workers,
            seed: self.seed,
            team,
            programs: trace.programs.clone(),
            violation: evidence.violation.clone(),
            schedule: trace.schedule.clone(),
            stale: None,
            steps: SentStep::all(trace),
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Expectation;
    use crate::fault::FaultKind;
    use crate::verdict::{Inconclusive, Violation};

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
