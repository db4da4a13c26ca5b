//! Owns [`Resumption`]: from which checkpoints the searches of a run go on, and which it leaves.

use std::path::PathBuf;

use raceproof::outcome::Stopped;
use raceproof::plan::StrategyKind;
use raceproof::{Checkpoint, Outcome, Plan};
use raceproof_reports::wording::counted;
use raceproof_reports::{Checkpoints, DocumentError};

use super::leg::Leg;
use super::output::Output;

/// The checkpoints of a run.
#[derive(Debug)]
pub(super) struct Resumption {
    checkpoints: Checkpoints,
    /// Whether searches go on from them; else all begin anew.
    is_wanted: bool,
}

impl Resumption {
    /// Of a run that goes on from `checkpoints` if that `is_wanted`, and leaves its own there.
    pub(super) fn new(checkpoints: Checkpoints, is_wanted: bool) -> Self {
        Self { checkpoints, is_wanted }
    }

    /// Sees to it, before anything starts, that the checkpoints that there are belong to these searches.
    pub(super) fn check(&self, legs: &[Leg], plan: &Plan) -> Result<(), DocumentError> {
        for leg in legs.iter().filter(|_| self.is_wanted) {
            self.checkpoints.check(&self.path(leg), &leg.search(plan))?;
        }
        Ok(())
    }

    /// From where a search goes on, unless it begins anew; says which.
    pub(super) fn begin(
        &self,
        leg: &Leg,
        plan: &Plan,
        output: &mut Output,
    ) -> Result<Option<Checkpoint>, DocumentError> {
        if !self.is_wanted {
            return Ok(None);
        }
        let path = self.path(leg);
        let checkpoint = self.checkpoints.read(&path, &leg.search(plan))?;
        output.note(&match &checkpoint {
            Some(checkpoint) => {
                let schedules = checkpoint.head().schedules;
                let behind = counted(schedules, "schedule");
                let spent =
                    if schedules >= plan.schedules_max { " (raise `--schedules` beyond that)" } else { "" };
                format!("`{leg}` goes on behind {behind}{spent}, from `{}`", path.display())
            }
            None => format!("`{leg}` begins anew: there is no `{}`", path.display()),
        });
        Ok(checkpoint)
    }

    /// Leaves the checkpoint of a search that has not come to its end, says so, and removes that of one that has.
    pub(super) fn end(
        &self,
        leg: &Leg,
        strategy: StrategyKind,
        outcome: &mut Outcome,
        output: &mut Output,
    ) -> Result<(), DocumentError> {
        let path = self.path(leg);
        if let Some(checkpoint) = outcome.checkpoint.take() {
            self.checkpoints.write(&path, &checkpoint)?;
            output.note(&format!(
                "`{leg}` has not come to its end: `--resume` with the same arguments goes on from `{}`",
                path.display()
            ));
        } else if strategy != StrategyKind::Burst
            && matches!(outcome.coverage.stopped, Stopped::Exhausted | Stopped::FirstViolation)
        {
            self.checkpoints.remove(&path)?;
        }
        Ok(())
    }

    fn path(&self, leg: &Leg) -> PathBuf {
        self.checkpoints.path(&leg.name, leg.isolation, leg.told_model())
    }
}
