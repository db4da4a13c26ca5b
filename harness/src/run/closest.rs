//! Owns [`Closest`]: the search for the execution that passes and is closest to one that violates. Every candidate is
//! verified by running it, and measured by what was really executed.

use super::executed::Executed;
use super::rig::{Detail, Rig, Subject};
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::{
    Closeness, Fixed, Guided, Strategy, agreement, closeness, closeness_of_beginning, neighbours,
};
use crate::outcome::Passing;
use crate::verdict::Verdict;

/// Most executions that the search makes.
const CANDIDATES_MAX: usize = 200;

/// A search under way.
pub(crate) struct Closest<'a> {
    rig: &'a mut Rig,
    subject: Subject,
    violating: &'a Executed,
    schedule: Schedule,
    /// Whether the violation showed before the workers were done.
    is_cut: bool,
}

impl<'a> Closest<'a> {
    /// Starts from `violating`.
    pub(crate) fn new(rig: &'a mut Rig, subject: &Subject, violating: &'a Executed) -> Self {
        let schedule = violating.schedule();
        let is_cut = violating.verdict.violation().is_some_and(|violation| violation.step.is_some());
        // What breaks more than the violating one says nothing about it.
        let subject = subject.with_faults_max(schedule.faults());
        Self { rig, subject, violating, schedule, is_cut }
    }

    /// The closest that was found, told with the stores after every step.
    pub(crate) async fn run(mut self) -> Result<Option<Passing>, Error> {
        let (mut best, mut candidates): (Option<Closeness>, u64) = (None, 0);
        for candidate in neighbours(&self.schedule).into_iter().take(CANDIDATES_MAX) {
            // The candidates come in order, so what follows is no closer.
            if best.as_ref().is_some_and(|best| *best <= closeness(&self.schedule, &candidate)) {
                break;
            }
            candidates += 1;
            let executed = self.execute(Detail::Needed, &mut Guided::new(candidate)).await?;
            if executed.verdict == Verdict::Pass {
                let found = self.closeness(&executed.schedule());
                best = Some(best.map_or(found.clone(), |best| best.min(found)));
            }
        }
        let Some((_, _, schedule)) = best else { return Ok(None) };
        let executed = self.execute(Detail::Courses, &mut Fixed::new(schedule)).await?;
        // Code that does not do the same twice is told by its replays.
        if executed.verdict != Verdict::Pass || executed.mismatch.is_some() {
            return Ok(None);
        }
        let trace = self.rig.trace(&executed);
        let differs_at = agreement(&self.schedule, &trace.schedule) + 1;
        Ok(Some(Passing { trace, differs_at, candidates }))
    }

    fn closeness(&self, executed: &Schedule) -> Closeness {
        if self.is_cut {
            closeness_of_beginning(&self.schedule, executed)
        } else {
            closeness(&self.schedule, executed)
        }
    }

    async fn execute(&mut self, detail: Detail, strategy: &mut dyn Strategy) -> Result<Executed, Error> {
        self.rig.execute(&self.subject, &self.violating.workers, detail, strategy).await
    }
}
