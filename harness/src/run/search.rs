//! Owns [`Search`]: executions of one scenario under a strategy until something ends it, and the outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clocks;
use super::difference::{difference, dissimilarity};
use super::earliest::Earliest;
use super::entry::Entry;
use super::evidence::Untold;
use super::executed::Executed;
use super::progress::Progress;
use super::retry::Retry;
use super::rig::{Detail, Rig, Subject};
use super::series::Series;
use super::share::Share;
use super::tally::Tally;
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::explore::{Fixed, PartialOrderSampling, Pct, Portfolio, RandomWalk, Strategy, Systematic};
use crate::id::WorkerId;
use crate::interrupt::Interrupt;
use crate::outcome::{Counterexample, Outcome, Stopped};
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
    /// What searches beside this one have found.
    pub(crate) earliest: &'a Earliest,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
    /// From where it goes on, if it does.
    pub(crate) checkpoint: Option<Box<Checkpoint>>,
    pub(crate) stores: Vec<String>,
}

impl Search<'_> {
    /// Searches, and gathers the evidence of a violation; if the plan wants none, what it could be gathered from comes along.
    pub(crate) async fn run(mut self) -> Result<(Outcome, Option<Untold>), Error> {
        let card = self.scenario.card();
        let (mut found, tally) = (Found::default(), Tally::start(&self.rig.gate, self.plan.final_states_max));
        let (left, mut tally) = self.go_on(&mut found, tally);
        let mut series = Series::begin(&mut self, left).await?;
        if !self.retry(&mut found, &mut tally).await? {
            series.run(&mut self, &mut found, &mut tally).await?;
        }
        if found.stopped == Stopped::FirstViolation {
            self.earliest.note(tally.schedules);
        }
        series.tell(&mut tally);
        let (failing, vacuous) = (tally.failing, tally.vacuous());
        let coverage = tally.coverage(self.plan, series.is_over(), found.stopped, &self.rig.gate);
        let checkpoint = self.checkpoint_of(series, &found, &coverage, failing);
        let verdict = match vacuous {
            Some(what) => found.verdict.merge(Verdict::Inconclusive(Inconclusive::Vacuous { what })),
            None => found.verdict,
        };
        let (seed, workers, counterexample) = match found.earlier {
            Some((seed, workers, evidence)) => (seed, workers, Some(evidence)),
            None => (self.plan.seed, self.plan.workers.unwrap_or(card.workers), None),
        };
        let mut outcome = Outcome {
            card,
            workers,
            isolation: self.plan.isolation,
            model: self.plan.model.clone(),
            seed,
            verdict,
            coverage,
            regressions: found.regressions,
            counterexample,
            bursts: None,
            checkpoints: checkpoint.into_iter().collect(),
            stores: self.stores,
            clock: clocks::told(&self.rig.gate.clocks()),
        };
        let violating = found.violating.filter(|_| outcome.counterexample.is_none());
        let mut untold = violating.map(|(subject, executed)| {
            let source = Arc::clone(self.scenario);
            Untold { source, subject, executed }
        });
        if let Some(violation) = untold.take_if(|_| self.plan.has_evidence) {
            violation.tell(self.rig, &mut outcome).await?;
        }
        outcome.keep_evidence();
        Ok((outcome, untold))
    }

    /// Retries the regressions that belong here, which is the first shard's to do; says whether the search ends with one of them.
    async fn retry(&mut self, found: &mut Found, tally: &mut Tally) -> Result<bool, Error> {
        if self.plan.shard.index() > 0 {
            return Ok(false);
        }
        let name = self.scenario.card().name;
        for regression in self.plan.regressions.iter().filter(|kept| kept.belongs_to(&name, self.plan)) {
            if self.interrupt.is_set() {
                break;
            }
            if found.regressions.iter().any(|retried| retried.regression.is_same_as(regression)) {
                continue;
            }
            let retry = Retry::run(self.rig, self.scenario, self.plan, regression, Detail::Needed).await?;
            tally.regressions += 1;
            let Retry { subject, executed, fate } = retry;
            found.regressions.push(Retried { regression: regression.clone(), fate });
            if found.take(executed.verdict.clone(), &subject, executed, self.plan.keep_going) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on exploring a workload, until all of it is explored, its share is used or the search ends.
    pub(super) async fn explore(
        &mut self,
        entry: &mut Entry,
        share: Share,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        // What kept schedules have taught is known from the start.
        self.learn(entry);
        let mut told = Instant::now();
        loop {
            if let Some(stopped) = self.spent(tally, share) {
                found.stopped = stopped;
                return Ok(());
            }
            if !entry.strategy.begin() {
                entry.state.is_over = true;
                return Ok(());
            }
            let Entry { subject, workers, strategy, .. } = entry;
            let executed = self.rig.execute(subject, workers, Detail::Needed, strategy.as_mut()).await?;
            if strategy.is_elsewhere() && !matches!(verdict_of(&executed), Verdict::Inconclusive(_)) {
                continue;
            }
            tally.count(&executed);
            entry.state.schedules += 1;
            let swapped = self.swap_a_pair(entry, &executed, tally).await?;
            self.learn(entry);
            let mut verdict = verdict_of(&executed).merge(swapped);
            let is_whole = !executed.is_redundant;
            let is_first = is_whole && entry.state.first.is_none() && verdict == Verdict::Pass;
            let times = if is_whole { self.plan.repeat.max(1 + u32::from(is_first)) } else { 1 };
            for _ in 1..times {
                verdict = verdict.merge(self.repeat(&entry.subject, &executed, tally).await?);
            }
            if is_first && verdict == Verdict::Pass {
                entry.state.first = Some(self.rig.trace(&executed));
            }
            if found.take(verdict, &entry.subject, executed, self.plan.keep_going) {
                return Ok(());
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let Tally { schedules, violating, .. } = *tally;
                (self.progress)(Progress { schedules, schedules_max: self.plan.schedules_max, violating });
            }
        }
    }

    /// Has the strategy of the workload know how much is known about which requests have to do with each other.
    fn learn(&self, entry: &mut Entry) {
        if let Some(systematic) = entry.strategy.systematic() {
            systematic.learn(self.rig.coarseness(&entry.subject));
        }
    }

    /// Now and then executes two steps the other way round that are taken to be independent. If that makes a difference, and each
    /// of the two orders comes to the same when it is executed again, the search goes on without reduction.
    async fn swap_a_pair(
        &mut self,
        entry: &mut Entry,
        executed: &Executed,
        tally: &mut Tally,
    ) -> Result<Verdict, Error> {
        let Entry { subject, strategy, state, .. } = entry;
        let number = state.schedules;
        // What is known was not followed to its end.
        if executed.is_redundant || !(number <= PAIRS_AT_FIRST || number.is_multiple_of(PAIR_EVERY)) {
            return Ok(Verdict::Pass);
        }
        let Some(systematic) = strategy.systematic() else { return Ok(Verdict::Pass) };
        let Some(swapped) = systematic.swapped(&executed.schedule(), number) else {
            return Ok(Verdict::Pass);
        };
        let mut fixed = Fixed::new(swapped.clone());
        let again = self.rig.execute(subject, &executed.workers, Detail::Needed, &mut fixed).await?;
        tally.reduction.pairs += 1;
        let backends = self.rig.gate.backends();
        let Some(what) = dissimilarity(executed, &again, backends) else { return Ok(Verdict::Pass) };
        let repeated = self.repeat(subject, executed, tally).await?;
        if repeated != Verdict::Pass {
            return Ok(repeated);
        }
        let repeated = self.repeat(subject, &again, tally).await?;
        if repeated == Verdict::Pass {
            let schedule = executed.schedule();
            tally.reduction.refuted.get_or_insert(format!("`{schedule}` and `{swapped}` differ: {what}"));
            systematic.distrust();
        }
        Ok(repeated)
    }

    /// The reason for which no further execution is to be started, if there is one.
    pub(super) fn spent(&self, tally: &Tally, share: Share) -> Option<Stopped> {
        if self.interrupt.is_set() {
            return Some(Stopped::Interrupted);
        }
        if self.earliest.is_out_of_reach(tally.schedules) {
            return Some(Stopped::FirstViolation);
        }
        if tally.schedules >= share.schedules_max {
            return Some(Stopped::ScheduleBudget);
        }
        tally.over_budget(self.plan, share.budget).then_some(Stopped::TimeBudget)
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
    pub(super) verdict: Verdict,
    /// The first execution that violated an invariant, and of what.
    violating: Option<(Subject, Executed)>,
    /// The evidence of an earlier one, with its seed and its number of workers, if the search goes on behind that.
    pub(super) earlier: Option<(u64, usize, Counterexample)>,
    /// The regressions that were retried.
    pub(super) regressions: Vec<Retried>,
    pub(super) stopped: Stopped,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            verdict: Verdict::Pass,
            violating: None,
            earlier: None,
            regressions: Vec::new(),
            stopped: Stopped::Exhausted,
        }
    }
}

impl Found {
    /// Takes in whether anything says what is right for `subject`.
    pub(super) fn weigh(&mut self, subject: &Subject) {
        self.verdict = subject.judged(std::mem::replace(&mut self.verdict, Verdict::Pass));
    }

    /// Takes in one execution of `subject`; says whether the search ends with it.
    pub(super) fn take(
        &mut self,
        verdict: Verdict,
        subject: &Subject,
        executed: Executed,
        keep_going: bool,
    ) -> bool {
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

/// The strategy of `plan` for one of so many `workloads`, at its begin.
pub(super) fn strategy(plan: &Plan, workloads: usize) -> Box<dyn Strategy> {
    let systematic =
        || Systematic::new(plan.preemption_bound, plan.reduces).of_shard(plan.shard).one_of(workloads);
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
