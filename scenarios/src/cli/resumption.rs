//! Owns [`Resumption`]: from which checkpoints the searches of a run go on, and which it leaves.

use std::path::PathBuf;

use raceproof::checkpoint::SearchIdentity;
use raceproof::outcome::Stopped;
use raceproof::plan::StrategyKind;
use raceproof::{Checkpoint, Outcome, Plan, Shard};
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
    /// How many engines make a search; each leaves a checkpoint of its part.
    jobs: u32,
}

/// Where the checkpoint of one engine is, and of which search.
struct Part {
    path: PathBuf,
    search: SearchIdentity,
}

impl Resumption {
    /// Of a run of so many `jobs` that goes on from `checkpoints` if that `is_wanted`, and leaves its own there.
    pub(super) fn new(checkpoints: Checkpoints, is_wanted: bool, jobs: u32) -> Self {
        Self { checkpoints, is_wanted, jobs }
    }

    /// Sees to it, before anything starts, that the checkpoints that there are belong to these searches.
    pub(super) fn check(&self, legs: &[Leg], plan: &Plan) -> Result<(), DocumentError> {
        for leg in legs.iter().filter(|_| self.is_wanted) {
            for Part { path, search } in self.parts(leg, plan) {
                self.checkpoints.check(&path, &search)?;
            }
        }
        Ok(())
    }

    /// From where the parts of a search go on, in order; nothing if it begins anew. Says which.
    pub(super) fn begin(
        &self,
        leg: &Leg,
        plan: &Plan,
        output: &mut Output,
    ) -> Result<Vec<Checkpoint>, DocumentError> {
        let mut checkpoints = Vec::new();
        let parts = if self.is_wanted { self.parts(leg, plan) } else { Vec::new() };
        for Part { path, search } in &parts {
            let Some(checkpoint) = self.checkpoints.read(path, search)? else {
                output.note(&format!("`{leg}` begins anew: there is no `{}`", path.display()));
                return Ok(Vec::new());
            };
            checkpoints.push(checkpoint);
        }
        if let Some(first) = parts.first() {
            let schedules = checkpoints.iter().map(|checkpoint| checkpoint.head().schedules).sum();
            let behind = counted(schedules, "schedule");
            let spent =
                if schedules >= plan.schedules_max { " (raise `--schedules` beyond that)" } else { "" };
            let from = named(&first.path, parts.len());
            output.note(&format!("`{leg}` goes on behind {behind}{spent}, from {from}"));
        }
        Ok(checkpoints)
    }

    /// Leaves the checkpoints of a search that has not come to its end, says so, and removes those of one that has.
    pub(super) fn end(
        &self,
        leg: &Leg,
        plan: &Plan,
        outcome: &mut Outcome,
        output: &mut Output,
    ) -> Result<(), DocumentError> {
        let parts = self.parts(leg, plan);
        let checkpoints = std::mem::take(&mut outcome.checkpoints);
        if !checkpoints.is_empty() {
            for (Part { path, .. }, checkpoint) in parts.iter().zip(&checkpoints) {
                self.checkpoints.write(path, checkpoint)?;
            }
            let from = named(&parts[0].path, parts.len());
            output.note(&format!(
                "`{leg}` has not come to its end: `--resume` with the same arguments goes on from {from}"
            ));
        } else if plan.strategy != StrategyKind::Burst
            && matches!(outcome.coverage.stopped, Stopped::Exhausted | Stopped::FirstViolation)
        {
            for Part { path, .. } in parts {
                self.checkpoints.remove(&path)?;
            }
        }
        Ok(())
    }

    /// One for each engine, in the order of their parts.
    fn parts(&self, leg: &Leg, plan: &Plan) -> Vec<Part> {
        let shards = plan.shard.split(self.jobs).expect("the arguments were checked: so many can be counted");
        let part = |shard: Shard| Part {
            path: self.checkpoints.path(
                &leg.name,
                leg.isolation,
                leg.told_model(),
                (self.jobs > 1).then_some(shard),
            ),
            search: leg.search(&Plan { shard, ..plan.clone() }),
        };
        shards.into_iter().map(part).collect()
    }
}

/// The first of `count` files, and that there are more.
fn named(path: &std::path::Path, count: usize) -> String {
    let others = match count {
        1 => String::new(),
        2 => " and one other".to_owned(),
        count => format!(" and {} others", count - 1),
    };
    format!("`{}`{others}", path.display())
}
