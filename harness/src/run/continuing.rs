//! Owns how a search is written down when it is ended before its end, and how it goes on from there.

use super::difference::difference;
use super::rig::{Detail, Subject};
use super::search::{Found, Search};
use super::tally::Tally;
use crate::checkpoint::{Checkpoint, CheckpointBody, CheckpointError, Learnt, SearchIdentity};
use crate::error::Error;
use crate::explore::{Fixed, Strategy};
use crate::history::Trace;
use crate::id::WorkerId;
use crate::outcome::{Coverage, Stopped};
use crate::verdict::{Inconclusive, Verdict};

/// What of a search that goes on is needed beside its strategy, what it found and what it counted.
#[derive(Default)]
pub(super) struct Begun {
    /// The first execution, if it is known and passed.
    pub(super) first: Option<Trace>,
    /// What was learnt when the search was ended, if it goes on.
    learnt: Option<Learnt>,
}

impl Search<'_> {
    /// Goes on from the checkpoint, if there is one.
    pub(super) fn go_on(
        &mut self,
        strategy: &mut dyn Strategy,
        found: &mut Found,
        tally: Tally,
    ) -> Result<(Begun, Tally), Error> {
        let Some(checkpoint) = self.checkpoint.take() else { return Ok((Begun::default(), tally)) };
        let body = checkpoint.body;
        strategy.restore(body.strategy).map_err(damaged)?;
        (found.verdict, found.earlier, found.regressions) = (body.verdict, body.evidence, body.regressions);
        let begun = Begun { first: body.first, learnt: Some(body.learnt) };
        Ok((begun, tally.go_on_from(body.coverage, body.failing)))
    }

    /// Sees to it that as much is known as when the search was ended, and that the code is still the same: repeats the first
    /// execution. Says whether the search ends with that.
    pub(super) async fn check(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        begun: &mut Begun,
        found: &mut Found,
        tally: &Tally,
    ) -> Result<bool, Error> {
        let Some(learnt) = begun.learnt.take() else { return Ok(false) };
        if self.spent(tally).is_none()
            && let Some(first) = &begun.first
        {
            let mut fixed = Fixed::new(first.schedule.clone());
            let again = self.rig.execute(subject, workers, Detail::Needed, &mut fixed).await?;
            if let Some((step, what)) = difference(first, &again, self.rig.gate.backends()) {
                let verdict = Verdict::Inconclusive(Inconclusive::Diverged { step, what });
                return Ok(found.take(verdict, subject, again, self.plan.keep_going));
            }
        }
        if !self.rig.relearn(subject, learnt) {
            return Err(damaged("what it has learnt is not of these stores").into());
        }
        Ok(false)
    }

    /// From where the search goes on, unless it has come to an end behind which there is nothing; the evidence is missing yet. One that
    /// has tried everything may be a part of one that has not.
    pub(super) fn checkpoint_of(
        &self,
        subject: &Subject,
        strategy: &mut dyn Strategy,
        found: &Found,
        coverage: &Coverage,
        begun: Begun,
        failing: u64,
    ) -> Option<Checkpoint> {
        let is_over = matches!(found.stopped, Stopped::FirstViolation | Stopped::Inconclusive);
        let strategy = (!is_over).then(|| strategy.checkpoint()).flatten()?;
        let body = CheckpointBody {
            verdict: found.verdict.clone(),
            coverage: coverage.clone(),
            failing,
            regressions: found.regressions.clone(),
            evidence: None,
            first: begun.first,
            learnt: self.rig.learnt(subject),
            strategy,
        };
        let search = SearchIdentity::of(&self.scenario.card(), self.plan);
        Some(Checkpoint::new(search, body))
    }
}

fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CheckpointError {
    CheckpointError::Damaged(what.into())
}
