//! Owns the question whether fewer workers can show the same: a promise may speak of the whole team.

use super::Shrink;
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::Guided;
use crate::id::WorkerId;
use crate::run::rig::Detail;

impl Shrink<'_> {
    /// Whether a violation by `kept` is none of what was found: they break the promise even one after the other, and the whole team
    /// does not. "Both orders are there" is such a promise. Where the team breaks it so, too, no race is needed, and the fewer the
    /// better.
    pub(super) async fn is_no_part_of_it(&mut self, kept: &[WorkerId]) -> Result<bool, Error> {
        let team = self.team.clone();
        Ok(self.break_it_in_turn(kept).await? && !self.break_it_in_turn(&team).await?)
    }

    /// Whether `workers` break the promise one after the other, while nothing else breaks.
    async fn break_it_in_turn(&mut self, workers: &[WorkerId]) -> Result<bool, Error> {
        let alone = self.subject.one_after_the_other();
        let mut guided = Guided::new(Schedule::default());
        let executed = self.rig.execute(&alone, workers, Detail::Needed, &mut guided).await?;
        Ok(executed.verdict.violation().is_some_and(|found| found.same_kind(&self.violation)))
    }
}
