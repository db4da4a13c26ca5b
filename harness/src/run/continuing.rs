//! Owns how a search is written down when it is ended before its end, and how it goes on from there.

use super::difference::difference;
use super::entry::Entry;
use super::rig::Detail;
use super::search::{Found, Search};
use super::series::Series;
use super::share::Share;
use super::tally::Tally;
use crate::checkpoint::{Checkpoint, CheckpointBody, SearchIdentity, WorkloadState};
use crate::error::Error;
use crate::explore::Fixed;
use crate::outcome::{Coverage, Stopped};
use crate::verdict::{Inconclusive, Verdict};

impl Search<'_> {
    /// Goes on from the checkpoint, if there is one; says where its workloads stand.
    pub(super) fn go_on(&mut self, found: &mut Found, tally: Tally) -> (Option<Vec<WorkloadState>>, Tally) {
        let Some(checkpoint) = self.checkpoint.take() else { return (None, tally) };
        let body = checkpoint.body;
        (found.verdict, found.earlier, found.regressions) = (body.verdict, body.evidence, body.regressions);
        (Some(body.workloads), tally.go_on_from(body.coverage, body.failing))
    }

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

    /// From where the search goes on, unless it has come to an end behind which there is nothing; the evidence is missing yet. One that
    /// has tried everything may be a part of one that has not.
    pub(super) fn checkpoint_of(
        &self,
        series: Series,
        found: &Found,
        coverage: &Coverage,
        failing: u64,
    ) -> Option<Checkpoint> {
        let is_over = matches!(found.stopped, Stopped::FirstViolation | Stopped::Inconclusive);
        let body = CheckpointBody {
            verdict: found.verdict.clone(),
            coverage: coverage.clone(),
            failing,
            regressions: found.regressions.clone(),
            evidence: None,
            workloads: (!is_over).then(|| series.stand()).flatten()?,
        };
        let search = SearchIdentity::of(&self.scenario.card(), self.plan);
        Some(Checkpoint::new(search, body))
    }
}
