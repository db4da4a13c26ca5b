//! Owns what an execution promises, step by step and at its end.

use super::execution::{Execution, Setting};
use super::halt::Halt;
use crate::check::{Invariant, View};
use crate::history::{State, WorkerEnd};
use crate::verdict::{Inconclusive, Verdict, Violation};

/// The promise that every execution makes about its workers' programs.
const NO_PANIC: &str = "no worker panics";
/// The promise that every execution makes about waiting.
const NO_DEADLOCK: &str = "every worker can finish";

impl Execution<'_> {
    /// Checks what must always hold, after a step or before the first one.
    pub(super) async fn judge_step(&mut self) -> Result<Option<Violation>, Halt> {
        if self.setting.always.is_empty() && !self.setting.states {
            return Ok(None);
        }
        let Setting { patience, .. } = *self.setting;
        let state = patience.for_store(self.setting.step_max(), "its content", self.gate.state()).await?;
        let count = self.steps.len();
        let violation = self.broken(self.setting.always, &state, (count > 0).then_some(count));
        match self.steps.last_mut() {
            Some(step) => step.state = Some(state),
            None => self.initial_state = Some(state),
        }
        Ok(violation)
    }

    /// Checks what must hold when all workers have ended.
    pub(super) fn judge_end(&self, state: Option<&State>) -> Verdict {
        let Some(state) = state else {
            let what = "the final state could not be read".to_owned();
            return Verdict::Inconclusive(Inconclusive::StoreLost { what });
        };
        let panicked = self.tasks.iter().find_map(|task| match &task.end {
            Some(WorkerEnd::Panicked(message)) => Some(format!("{} panicked: {message}", task.worker)),
            _ => None,
        });
        let panicked = panicked.map(|found| Violation { invariant: NO_PANIC.to_owned(), found, step: None });
        let broken = panicked.or_else(|| self.broken(self.setting.finally, state, None));
        broken.map_or(Verdict::Pass, Verdict::Violation)
    }

    fn broken(&self, invariants: &[Invariant], state: &State, step: Option<usize>) -> Option<Violation> {
        let view = View { state, operations: self.log.operations(), workers: self.setting.workers.len() };
        invariants.iter().find_map(|invariant| invariant.violation(&view, step))
    }

    /// The violation that nobody can go on although somebody has not ended.
    pub(super) fn deadlock(&self) -> Option<Violation> {
        let stuck: Vec<_> = self.tasks.iter().filter(|task| task.end.is_none()).collect();
        if stuck.is_empty() {
            return None;
        }
        let names = stuck.iter().map(|task| task.worker.to_string()).collect::<Vec<_>>().join(", ");
        let found = format!("{names} waits for ever: no worker is left that could wake it");
        Some(Violation { invariant: NO_DEADLOCK.to_owned(), found, step: None })
    }
}
