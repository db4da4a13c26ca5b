//! Owns how a search is written down when it is ended before its end, and how it goes on from there.

use super::found::Found;
use super::search::Search;
use super::series::Series;
use super::tally::Tally;
use crate::checkpoint::{Checkpoint, CheckpointBody, SearchIdentity, WorkloadState};
use crate::outcome::{Coverage, Stopped};

impl Search<'_> {
    /// Goes on from the checkpoint, if there is one; says where its workloads stand.
    pub(super) fn go_on(&mut self, found: &mut Found, tally: Tally) -> (Option<Vec<WorkloadState>>, Tally) {
        let Some(checkpoint) = self.checkpoint.take() else { return (None, tally) };
        let body = checkpoint.body;
        (found.verdict, found.earlier, found.regressions) = (body.verdict, body.evidence, body.regressions);
        (Some(body.workloads), tally.go_on_from(body.coverage, body.failing))
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
        let search = SearchIdentity::of(&self.exploration.scenario.card(), self.exploration.plan);
        Some(Checkpoint::new(search, body))
    }
}
