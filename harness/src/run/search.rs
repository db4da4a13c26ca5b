//! Owns [`Search`]: executions of one scenario under a strategy until something ends it, and the outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clocks;
use super::difference::difference;
use super::evidence::counterexample;
use super::executed::Executed;
use super::progress::Progress;
use super::rig::{Detail, Rig, Subject};
use super::tally::Tally;
use crate::error::Error;
use crate::explore::{DepthFirst, Fixed, RandomWalk, Strategy};
use crate::id::WorkerId;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, Stopped};
use crate::plan::{Plan, StrategyKind};
use crate::scenario::Scenario;
use crate::verdict::{Inconclusive, Verdict};

/// Shortest time between two reports of progress.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// One search.
pub(crate) struct Search<'a> {
    pub(crate) rig: &'a mut Rig,
    pub(crate) scenario: &'a Arc<dyn Scenario>,
    pub(crate) plan: &'a Plan,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
    pub(crate) stores: Vec<String>,
}

impl Search<'_> {
    /// Searches, and gathers the evidence of a violation.
    pub(crate) async fn run(mut self) -> Result<Outcome, Error> {
        let subject = self.rig.subject(self.scenario, self.plan);
        let card = self.scenario.card();
        let count = self.plan.workers.unwrap_or(card.workers);
        let workers: Vec<WorkerId> =
            (0..count).map(|index| WorkerId(u16::try_from(index).unwrap_or(u16::MAX))).collect();
        let mut strategy = strategy(self.plan);
        let mut tally = Tally::start(&self.rig.gate);
        let found = self.explore(&subject, &workers, strategy.as_mut(), &mut tally).await?;
        let mut verdict = found.verdict;
        if let Some(what) = tally.vacuous() {
            verdict = verdict.merge(Verdict::Inconclusive(Inconclusive::Vacuous { what }));
        }
        let coverage = tally.coverage(self.plan, strategy.exhausted(), found.stopped, &self.rig.gate);
        let counterexample = match found.violating {
            Some(executed) => Some(counterexample(self.rig, &subject, executed).await?),
            None => None,
        };
        Ok(Outcome {
            card,
            workers: count,
            isolation: self.plan.isolation,
            model: self.plan.model.clone(),
            seed: self.plan.seed,
            verdict,
            coverage,
            counterexample,
            bursts: None,
            stores: self.stores,
            clock: clocks::told(&self.rig.gate.clocks()),
        })
    }

    async fn explore(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        strategy: &mut dyn Strategy,
        tally: &mut Tally,
    ) -> Result<Found, Error> {
        let mut found = Found { verdict: Verdict::Pass, violating: None, stopped: Stopped::Exhausted };
        let mut told = Instant::now();
        loop {
            if let Some(stopped) = self.spent(tally) {
                found.stopped = stopped;
                return Ok(found);
            }
            if !strategy.begin() {
                return Ok(found);
            }
            let executed = self.rig.execute(subject, workers, Detail::Needed, strategy).await?;
            tally.count(&executed);
            let mut verdict = verdict_of(&executed);
            let is_first = tally.schedules == 1 && verdict == Verdict::Pass;
            for _ in 1..self.plan.repeat.max(1 + u32::from(is_first)) {
                verdict = verdict.merge(self.repeat(subject, &executed, tally).await?);
            }
            if let Some(stopped) = found.take(verdict, executed, self.plan.keep_going) {
                found.stopped = stopped;
                return Ok(found);
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let Tally { schedules, violating, .. } = *tally;
                (self.progress)(Progress { schedules, schedules_max: self.plan.schedules_max, violating });
            }
        }
    }

    /// The reason for which no further execution is to be started, if there is one.
    fn spent(&self, tally: &Tally) -> Option<Stopped> {
        if self.interrupt.is_set() {
            return Some(Stopped::Interrupted);
        }
        if tally.schedules >= self.plan.schedules_max {
            return Some(Stopped::ScheduleBudget);
        }
        tally.over_budget(self.plan).then_some(Stopped::TimeBudget)
    }

    /// Runs the schedule of `executed` again: a scenario that is not deterministic shows it here. It is always done for
    /// the first one, before a search is built on it.
    async fn repeat(
        &mut self,
        subject: &Subject,
        executed: &Executed,
        tally: &mut Tally,
    ) -> Result<Verdict, Error> {
        let mut fixed = Fixed::new(executed.schedule());
        let again = self.rig.execute(subject, &executed.workers, Detail::Needed, &mut fixed).await?;
        let backends = self.rig.gate.backends();
        let difference = difference(&executed.trace(backends), &again, backends);
        tally.repeats += 1;
        tally.differing += u64::from(difference.is_some());
        Ok(difference.map_or(Verdict::Pass, |(step, what)| {
            Verdict::Inconclusive(Inconclusive::Nondeterministic { step, what })
        }))
    }
}

/// What a search has found so far.
struct Found {
    verdict: Verdict,
    /// The first execution that violated an invariant.
    violating: Option<Executed>,
    stopped: Stopped,
}

impl Found {
    /// Takes in one execution; says whether and why the search ends with it.
    fn take(&mut self, verdict: Verdict, executed: Executed, keep_going: bool) -> Option<Stopped> {
        let stopped = match &verdict {
            Verdict::Pass | Verdict::Inconclusive(Inconclusive::StepLimit { .. }) => None,
            Verdict::Inconclusive(_) => Some(Stopped::Inconclusive),
            Verdict::Violation(_) => (!keep_going).then_some(Stopped::FirstViolation),
        };
        if verdict.violation().is_some() && self.violating.is_none() {
            self.violating = Some(executed);
        }
        self.verdict = std::mem::replace(&mut self.verdict, Verdict::Pass).merge(verdict);
        stopped
    }
}

/// The verdict of one execution of a search: what its strategy did not expect makes it inconclusive.
fn verdict_of(executed: &Executed) -> Verdict {
    match &executed.mismatch {
        Some((step, what)) => {
            Verdict::Inconclusive(Inconclusive::Nondeterministic { step: *step, what: what.clone() })
        }
        None => executed.verdict.clone(),
    }
}

fn strategy(plan: &Plan) -> Box<dyn Strategy> {
    match plan.strategy {
        StrategyKind::Dfs => Box::new(DepthFirst::new(plan.preemption_bound)),
        StrategyKind::Random => Box::new(RandomWalk::new(plan.seed)),
        StrategyKind::Burst => unreachable!("a burst chooses nothing"),
    }
}
