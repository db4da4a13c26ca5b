//! Owns [`Redacting`]: an explorer whose answers are told without what is to be redacted, so that nobody behind it sees that.

use raceproof::history::Trace;
use raceproof::run::{Followed, Progress, Replay};
use raceproof::{Checkpoint, Outcome, Plan, Regression};
use raceproof_reports::Redactor;

use super::explorer::Explorer;
use super::failure::Failure;

/// Another explorer, of whose answers something is taken out. The checkpoints of a search, which hold everything that was seen, are taken
/// away as a whole if anything is to be redacted.
pub(super) struct Redacting<'a> {
    /// Who explores.
    pub(super) explorer: &'a mut dyn Explorer,
    /// What is taken out.
    pub(super) redactor: Redactor,
}

impl Redacting<'_> {
    fn outcome(&self, mut outcome: Outcome) -> Result<Outcome, Failure> {
        let mut checkpoints = std::mem::take(&mut outcome.checkpoints);
        if !self.redactor.is_idle() {
            checkpoints.clear();
        }
        Ok(Outcome { checkpoints, ..self.redactor.value(outcome)? })
    }
}

impl Explorer for Redacting<'_> {
    fn description(&self) -> Vec<String> {
        self.explorer.description().iter().map(|line| self.redactor.text(line).into_owned()).collect()
    }

    fn explore(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let outcome = self.explorer.explore(name, plan, progress)?;
        self.outcome(outcome)
    }

    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        checkpoints: Vec<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let outcome = self.explorer.resume(name, plan, checkpoints, progress)?;
        self.outcome(outcome)
    }

    fn replay(
        &mut self,
        name: &str,
        recorded: &Trace,
        plan: &Plan,
        attempts: u32,
    ) -> Result<Replay, Failure> {
        let Replay { trace, replays } = self.explorer.replay(name, recorded, plan, attempts)?;
        Ok(Replay { trace: self.redactor.value(trace)?, replays: self.redactor.value(replays)? })
    }

    fn follow(&mut self, regression: &Regression) -> Result<Followed, Failure> {
        let Followed { trace, fate } = self.explorer.follow(regression)?;
        Ok(Followed { trace: self.redactor.value(trace)?, fate: self.redactor.value(fate)? })
    }
}
