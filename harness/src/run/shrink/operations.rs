//! Owns the leaving out of generated operations.

use super::Shrink;
use crate::error::Error;
use crate::explore::{Guided, Systematic, cuts};
use crate::run::executed::Executed;
use crate::run::rig::Subject;

/// Most executions of the search for the violation in what an operation that is left out leaves, at each bound.
pub(super) const OPERATION_SEARCH_MAX: u64 = 50;

impl Shrink<'_> {
    /// Leaves out operations of one worker, as many as possible at once; `true` if the violation stayed. What does not show
    /// it along the schedule is searched with up to `most` executions at each bound.
    pub(super) async fn drop_operations(&mut self, most: u64) -> Result<bool, Error> {
        let (Some(generator), Some(programs)) = (self.generator, self.best.programs.clone()) else {
            return Ok(false);
        };
        for cut in cuts(&programs.restricted_to(&self.best.workers)) {
            let subject = self.subject.doing(generator, cut.of(&programs))?;
            let subject = self.rig.judged_by_orders(subject).await?;
            let mut along = Guided::new(cut.of_schedule(&self.best.schedule(), &self.best.begun));
            let found = match self.along(&subject, &mut along).await? {
                Some(executed) => Some(executed),
                None => self.near(&subject, most).await?,
            };
            if let Some(executed) = found {
                (self.best, self.subject) = (executed, subject);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The execution of `subject` that `guided` guides, if it has the violation.
    pub(super) async fn along(
        &mut self,
        subject: &Subject,
        guided: &mut Guided,
    ) -> Result<Option<Executed>, Error> {
        let workers = self.best.workers.clone();
        self.violating(subject, &workers, guided, 1, &mut 0).await
    }

    /// An execution of `subject` with the violation, if there is one among the first `most` with no preemption, one or two.
    pub(super) async fn near(&mut self, subject: &Subject, most: u64) -> Result<Option<Executed>, Error> {
        let workers = self.best.workers.clone();
        for bound in 0..=2 {
            let mut search = Systematic::new(Some(bound), false);
            let found = self.violating(subject, &workers, &mut search, most, &mut 0).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
