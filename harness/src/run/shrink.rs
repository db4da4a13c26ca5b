//! Owns shrinking: from an execution with a violation to a small one with the same violation. Every step
//! is verified by running it.

use super::executed::Executed;
use super::rig::{Detail, Rig, Subject};
use crate::error::Error;
use crate::explore::{Guided, Strategy, Systematic, block_moves, omissions};
use crate::id::WorkerId;
use crate::verdict::Violation;

/// Most executions that shrinking makes.
const CANDIDATES_MAX: u64 = 2_000;
/// Most executions of one bounded search within it.
const SEARCH_MAX: u64 = 200;

/// A shrinking under way.
pub(crate) struct Shrink<'a> {
    rig: &'a mut Rig,
    subject: &'a Subject,
    violation: Violation,
    best: Executed,
    candidates: u64,
}

impl<'a> Shrink<'a> {
    /// Starts from `found`, an execution with `violation`.
    pub(crate) fn new(rig: &'a mut Rig, subject: &'a Subject, violation: Violation, found: Executed) -> Self {
        Self { rig, subject, violation, best: found, candidates: 0 }
    }

    /// The smallest execution that was reached, and the number of candidates tried. Fewer workers come
    /// first, then fewer faults, split requests and passings of time, then fewer context switches, then fewer steps.
    ///
    /// It is locally minimal, unless [`CANDIDATES_MAX`] ended it: no worker, no fault, no split and no passing of time can
    /// simply be left out, and no block moved to another of its worker, so that the violation stays and is smaller.
    pub(crate) async fn run(mut self) -> Result<(Executed, u64), Error> {
        while self.drop_a_worker().await? {}
        while self.leave_out().await? {}
        self.lower_preemptions().await?;
        while self.move_a_block().await? || self.leave_out().await? || self.omit_a_worker().await? {}
        Ok((self.best, self.candidates))
    }

    /// Leaves out one worker, the last one first; `true` if the violation stayed.
    async fn drop_a_worker(&mut self) -> Result<bool, Error> {
        for dropped in self.best.workers.clone().into_iter().rev() {
            let mut kept = self.best.workers.clone();
            kept.retain(|worker| *worker != dropped);
            if kept.is_empty() {
                return Ok(false);
            }
            let along = Guided::new(self.best.schedule().restricted_to(&kept));
            if self.search(&kept, along).await? {
                return Ok(true);
            }
            for bound in 0..=2 {
                if self.search(&kept, Systematic::new(Some(bound), false)).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Leaves out what one worker does, and nothing else; `true` if the violation stayed.
    async fn omit_a_worker(&mut self) -> Result<bool, Error> {
        for dropped in self.best.workers.clone().into_iter().rev() {
            let mut kept = self.best.workers.clone();
            kept.retain(|worker| *worker != dropped);
            let along = Guided::new(self.best.schedule().restricted_to(&kept));
            if !kept.is_empty() && self.search(&kept, along).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out one fault, one split or one passing of time; `true` if the violation stayed.
    async fn leave_out(&mut self) -> Result<bool, Error> {
        let workers = self.best.workers.clone();
        for candidate in omissions(&self.best.schedule()) {
            if self.search(&workers, Guided::new(candidate)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks for the violation with as few preemptions as possible (iterative context bounding).
    async fn lower_preemptions(&mut self) -> Result<(), Error> {
        let workers = self.best.workers.clone();
        for bound in 0..self.best.schedule().context_switches() {
            if self.search(&workers, Systematic::new(Some(bound), false)).await? {
                break;
            }
        }
        Ok(())
    }

    /// Moves one block of choices next to another of the same worker; `true` if the violation stayed.
    async fn move_a_block(&mut self) -> Result<bool, Error> {
        let workers = self.best.workers.clone();
        for candidate in block_moves(&self.best.schedule()) {
            if self.search(&workers, Guided::new(candidate)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs `strategy` until an execution with the violation is smaller than the best one, which it then
    /// replaces.
    async fn search(&mut self, workers: &[WorkerId], mut strategy: impl Strategy) -> Result<bool, Error> {
        let mut tried = 0;
        // More faults than there are would make no candidate smaller.
        let subject = self.subject.with_faults_max(self.best.schedule().faults());
        while tried < SEARCH_MAX && self.candidates < CANDIDATES_MAX && strategy.begin() {
            let executed = self.rig.execute(&subject, workers, Detail::Needed, &mut strategy).await?;
            (tried, self.candidates) = (tried + 1, self.candidates + 1);
            let same = executed.verdict.violation().is_some_and(|found| found.same_kind(&self.violation));
            if same && size(&executed) < size(&self.best) {
                self.best = executed;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Workers, faults, split requests, passings of time, context switches, steps.
fn size(executed: &Executed) -> [usize; 6] {
    let schedule = executed.schedule();
    let (faults, splits, advances) = (schedule.faults(), schedule.splits(), schedule.advances());
    [executed.workers.len(), faults, splits, advances, schedule.context_switches(), executed.steps.len()]
}
