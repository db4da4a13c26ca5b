//! Owns [`Search`]: executions of one scenario under a strategy until something ends it, and the outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clocks;
use super::difference::{difference, dissimilarity};
use super::evidence::counterexample;
use super::executed::Executed;
use super::progress::Progress;
use super::retry::Retry;
use super::rig::{Detail, Rig, Subject};
use super::series::Series;
use super::tally::Tally;
use crate::error::Error;
use crate::explore::{Fixed, PartialOrderSampling, Pct, Portfolio, RandomWalk, Strategy, Systematic};
use crate::id::WorkerId;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, Stopped};
use crate::plan::{Plan, StrategyKind};
use crate::regression::Retried;
use crate::scenario::Scenario;
use crate::verdict::{Inconclusive, Verdict};

/// Shortest time between two reports of progress.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// Executions at the begin of a search after each of which two independent steps are swapped.
const PAIRS_AT_FIRST: u64 = 4;
/// Of the later executions, one in so many is.
const PAIR_EVERY: u64 = 64;

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
        let (subject, card) = (self.rig.subject(self.scenario, self.plan), self.scenario.card());
        let mut tally = Tally::start(&self.rig.gate, self.plan.final_states_max);
        let (mut found, mut regressions) = (Found::default(), Vec::new());
        let mut exhausted = false;
        if !self.retry(&mut found, &mut regressions, &mut tally).await? {
            exhausted = self.explore_all(&subject, &mut found, &mut tally).await?;
        }
        let mut verdict = found.verdict;
        if let Some(what) = tally.vacuous() {
            verdict = verdict.merge(Verdict::Inconclusive(Inconclusive::Vacuous { what }));
        }
        let coverage = tally.coverage(self.plan, exhausted, found.stopped, &self.rig.gate);
        let (subject, counterexample) = match found.violating.filter(|_| self.plan.has_evidence) {
            Some((subject, executed)) => {
                let evidence = counterexample(self.rig, self.scenario, &subject, executed).await?;
                (subject, Some(evidence))
            }
            None => (subject, None),
        };
        Ok(Outcome {
            card,
            workers: subject.workers,
            isolation: self.plan.isolation,
            model: self.plan.model.clone(),
            seed: subject.seed,
            verdict,
            coverage,
            regressions,
            counterexample,
            bursts: None,
            stores: self.stores,
            clock: clocks::told(&self.rig.gate.clocks()),
        })
    }

    /// Retries the regressions that belong here; says whether the search ends with one of them.
    async fn retry(
        &mut self,
        found: &mut Found,
        regressions: &mut Vec<Retried>,
        tally: &mut Tally,
    ) -> Result<bool, Error> {
        let name = self.scenario.card().name;
        for regression in self.plan.regressions.iter().filter(|kept| kept.belongs_to(&name, self.plan)) {
            if self.interrupt.is_set() {
                break;
            }
            let retry = Retry::run(self.rig, self.scenario, self.plan, regression, Detail::Needed).await?;
            tally.regressions += 1;
            let Retry { subject, executed, fate } = retry;
            regressions.push(Retried { regression: regression.clone(), fate });
            if found.take(executed.verdict.clone(), &subject, executed, self.plan.keep_going) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Explores what the workers of `subject` do, or the workloads that are generated for them; says whether all was explored.
    async fn explore_all(
        &mut self,
        subject: &Subject,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<bool, Error> {
        let scenario = Arc::clone(self.scenario);
        if let Some(generator) = scenario.generator() {
            let series = Series::run(self, generator, found, tally).await?;
            (tally.reduces, tally.workloads) = (series.reduces, Some(series.workloads));
            return Ok(series.exhausted(generator));
        }
        let (mut strategy, workers) = (strategy(self.plan), team(subject));
        self.explore(subject, &workers, strategy.as_mut(), found, tally).await?;
        tally.reduces = strategy.systematic().is_some_and(|systematic| systematic.reduces());
        Ok(strategy.exhausted())
    }

    pub(super) async fn explore(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        strategy: &mut dyn Strategy,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let mut told = Instant::now();
        loop {
            if let Some(stopped) = self.spent(tally) {
                found.stopped = stopped;
                return Ok(());
            }
            if !strategy.begin() {
                return Ok(());
            }
            let executed = self.rig.execute(subject, workers, Detail::Needed, strategy).await?;
            if strategy.is_elsewhere() && !matches!(verdict_of(&executed), Verdict::Inconclusive(_)) {
                continue;
            }
            tally.count(&executed);
            self.swap_a_pair(subject, &executed, strategy, tally).await?;
            if let Some(systematic) = strategy.systematic() {
                tally.reduction.coarseness = self.rig.coarseness(subject);
                systematic.learn(tally.reduction.coarseness);
            }
            let mut verdict = verdict_of(&executed);
            let is_first = tally.schedules == 1 && verdict == Verdict::Pass;
            for _ in 1..self.plan.repeat.max(1 + u32::from(is_first)) {
                verdict = verdict.merge(self.repeat(subject, &executed, tally).await?);
            }
            if found.take(verdict, subject, executed, self.plan.keep_going) {
                return Ok(());
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let Tally { schedules, violating, .. } = *tally;
                (self.progress)(Progress { schedules, schedules_max: self.plan.schedules_max, violating });
            }
        }
    }

    /// Now and then executes two steps the other way round that are taken to be independent. If that makes a difference, the
    /// search goes on without reduction.
    async fn swap_a_pair(
        &mut self,
        subject: &Subject,
        executed: &Executed,
        strategy: &mut dyn Strategy,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let number = tally.schedules;
        if !(number <= PAIRS_AT_FIRST || number.is_multiple_of(PAIR_EVERY)) {
            return Ok(());
        }
        let Some(systematic) = strategy.systematic() else { return Ok(()) };
        let Some(swapped) = systematic.swapped(&executed.schedule(), number) else { return Ok(()) };
        let mut fixed = Fixed::new(swapped.clone());
        let again = self.rig.execute(subject, &executed.workers, Detail::Needed, &mut fixed).await?;
        tally.reduction.pairs += 1;
        let backends = self.rig.gate.backends();
        if let Some(what) = dissimilarity(executed, &again, backends) {
            let schedule = executed.schedule();
            tally.reduction.refuted.get_or_insert(format!("`{schedule}` and `{swapped}` differ: {what}"));
            systematic.distrust();
        }
        Ok(())
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
pub(super) struct Found {
    verdict: Verdict,
    /// The first execution that violated an invariant, and of what.
    violating: Option<(Subject, Executed)>,
    pub(super) stopped: Stopped,
}

impl Default for Found {
    fn default() -> Self {
        Self { verdict: Verdict::Pass, violating: None, stopped: Stopped::Exhausted }
    }
}

impl Found {
    /// Takes in one execution of `subject`; says whether the search ends with it.
    fn take(&mut self, verdict: Verdict, subject: &Subject, executed: Executed, keep_going: bool) -> bool {
        let stopped = match &verdict {
            Verdict::Pass | Verdict::Inconclusive(Inconclusive::StepLimit { .. }) => None,
            Verdict::Inconclusive(_) => Some(Stopped::Inconclusive),
            Verdict::Violation(_) => (!keep_going).then_some(Stopped::FirstViolation),
        };
        if verdict.violation().is_some() && self.violating.is_none() {
            self.violating = Some((subject.clone(), executed));
        }
        self.verdict = std::mem::replace(&mut self.verdict, Verdict::Pass).merge(verdict);
        self.stopped = stopped.unwrap_or(self.stopped);
        stopped.is_some()
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

/// All workers of `subject`.
pub(super) fn team(subject: &Subject) -> Vec<WorkerId> {
    (0..subject.workers).map(|index| WorkerId(u16::try_from(index).unwrap_or(u16::MAX))).collect()
}

/// The strategy of `plan`, at its begin.
pub(super) fn strategy(plan: &Plan) -> Box<dyn Strategy> {
    let systematic = || Systematic::new(plan.preemption_bound, plan.reduces).of_shard(plan.shard);
    match plan.strategy {
        // Samples know no bound.
        StrategyKind::Portfolio if plan.preemption_bound.is_some() => Box::new(systematic()),
        StrategyKind::Portfolio => Box::new(Portfolio::new(systematic(), plan.seed, plan.shard)),
        StrategyKind::Dfs => Box::new(systematic()),
        StrategyKind::Random => Box::new(RandomWalk::new(plan.seed, plan.shard)),
        StrategyKind::Pct => Box::new(Pct::new(plan.seed, plan.pct_depth, plan.shard)),
        StrategyKind::Pos => Box::new(PartialOrderSampling::new(plan.seed, plan.shard)),
        StrategyKind::Burst => unreachable!("a burst chooses nothing"),
    }
}
