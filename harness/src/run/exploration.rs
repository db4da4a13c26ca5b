//! Owns [`Exploration`]: executions of a workload under its strategy, until something ends them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::difference::{difference, dissimilarity};
use super::earliest::Earliest;
use super::entry::Entry;
use super::executed::Executed;
use super::found::Found;
use super::progress::Progress;
use super::rig::{Detail, Rig, Subject};
use super::share::Share;
use super::tally::Tally;
use crate::error::Error;
use crate::explore::Fixed;
use crate::interrupt::Interrupt;
use crate::outcome::Stopped;
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::verdict::{Inconclusive, Verdict};

/// Shortest time between two reports of progress.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// Executions at the begin of a search after each of which two independent steps are swapped.
const PAIRS_AT_FIRST: u64 = 4;
/// Of the later executions, one in so many is.
const PAIR_EVERY: u64 = 64;

/// What executions of a search need, whichever of its workloads they are of.
pub(crate) struct Exploration<'a> {
    pub(crate) rig: &'a mut Rig,
    pub(crate) scenario: &'a Arc<dyn Scenario>,
    pub(crate) plan: &'a Plan,
    pub(crate) interrupt: &'a Interrupt,
    /// What searches beside this one have found.
    pub(crate) earliest: &'a Earliest,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
}

impl Exploration<'_> {
    /// Sees to it that as much is known of a workload as when the search was ended, and that the code is still the same: repeats
    /// the first execution. Says whether the search ends with that.
    pub(super) async fn check(
        &mut self,
        entry: &mut Entry,
        share: Share,
        found: &mut Found,
        tally: &Tally,
    ) -> Result<bool, Error> {
        if !std::mem::take(&mut entry.is_left) {
            return Ok(false);
        }
        if self.spent(tally, share).is_none()
            && let Some(first) = &entry.state.first
        {
            let mut fixed = Fixed::new(first.schedule.clone());
            let again = self.rig.execute(&entry.subject, &entry.workers, Detail::Needed, &mut fixed).await?;
            if let Some((step, what)) = difference(first, &again, self.rig.gate.backends()) {
                let verdict = Verdict::Inconclusive(Inconclusive::Diverged { step, what });
                return Ok(found.take(verdict, &entry.subject, again, self.plan.keep_going));
            }
        }
        entry.relearn(self.rig)?;
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

/// The verdict of one execution of a search: what its strategy did not expect makes it inconclusive.
fn verdict_of(executed: &Executed) -> Verdict {
    match &executed.mismatch {
        Some((step, what)) => {
            Verdict::Inconclusive(Inconclusive::Nondeterministic { step: *step, what: what.clone() })
        }
        None => executed.verdict.clone(),
    }
}
