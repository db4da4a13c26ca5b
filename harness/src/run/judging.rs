//! Owns what an execution promises, step by step and at its end.

use super::execution::{Execution, Setting};
use super::halt::Halt;
use crate::check::{Invariant, View};
use crate::history::{State, WorkerEnd};
use crate::id::WorkerId;
use crate::scenario::Moment;
use crate::verdict::{Inconclusive, Verdict, Violation};

/// The promise that every execution makes about its workers' programs.
const NO_PANIC: &str = "no worker panics";
/// The promise that every execution makes about waiting.
pub(super) const NO_DEADLOCK: &str = "every worker can finish";

impl Execution<'_> {
    /// Checks what must always hold, after a step or before the first one.
    pub(super) async fn judge_step(&mut self) -> Result<Option<Violation>, Halt> {
        if self.setting.always.is_empty() && !self.setting.detail.has_states() {
            return self.inspect(Moment::Always).await;
        }
        let Setting { patience, .. } = *self.setting;
        let state = patience.for_store(self.setting.step_max(), "its content", self.gate.state()).await?;
        let count = self.steps.len();
        // What cannot be decided here is asked again at the end.
        let violation = match self.verdict(self.setting.always, &state, (count > 0).then_some(count)) {
            Verdict::Violation(violation) => Some(violation),
            Verdict::Pass | Verdict::Inconclusive(_) => None,
        };
        self.note_opinions(&state);
        match self.steps.last_mut() {
            Some(step) => step.state = Some(state),
            None => self.initial_state = Some(state),
        }
        match violation {
            Some(violation) => Ok(Some(violation)),
            None => self.inspect(Moment::Always).await,
        }
    }

    /// Checks what must hold when all workers have ended.
    pub(super) fn judge_end(&self, state: Result<&State, &Halt>) -> Verdict {
        let state = match state {
            Ok(state) => state,
            Err(Halt::Inconclusive(reason)) => return Verdict::Inconclusive(reason.clone()),
            Err(halt) => {
                let what = format!("the final state could not be read ({halt:?})");
                return Verdict::Inconclusive(Inconclusive::StoreLost { what });
            }
        };
        let ends = self.tasks.iter().filter_map(|task| Some((&task.worker, task.end.as_ref()?)));
        if let Some(panic) = panicked(ends) {
            return Verdict::Violation(panic);
        }
        match self.verdict(self.setting.finally, state, None) {
            Verdict::Pass => match self.verdict(self.setting.always, state, None) {
                unsure @ Verdict::Inconclusive(_) => unsure,
                // That it holds was seen after the last step.
                Verdict::Pass | Verdict::Violation(_) => Verdict::Pass,
            },
            verdict => verdict,
        }
    }

    fn verdict(&self, invariants: &[Invariant], state: &State, step: Option<usize>) -> Verdict {
        self.viewed(state, |view| Invariant::verdict(invariants, view, step))
    }

    /// What invariants may look at now, shown to `look`.
    pub(super) fn viewed<T>(&self, state: &State, look: impl FnOnce(&View<'_>) -> T) -> T {
        let ended = |is: &dyn Fn(&WorkerEnd) -> bool| -> Vec<WorkerId> {
            let them = self.tasks.iter().filter(|task| task.end.as_ref().is_some_and(is));
            them.map(|task| task.worker).collect()
        };
        let crashed = ended(&|end| *end == WorkerEnd::Crashed);
        let failed = ended(&|end| *end != WorkerEnd::Finished);
        let team = self.setting.workers;
        look(&View {
            state,
            operations: self.log.operations(),
            workers: team.len(),
            team,
            crashed: &crashed,
            failed: &failed,
            faults: self.faults,
        })
    }

    /// The violation that nobody can go on although somebody has not ended.
    ///
    /// Repetitions in which nothing changed are taken out of the record: they tell nothing more.
    pub(super) fn deadlock(&mut self) -> Option<Violation> {
        if let Some(from) =
            self.polling.forced.as_ref().filter(|forced| forced.is_over).map(|forced| forced.from)
        {
            self.steps.truncate(from);
            self.log.truncate(from);
            self.courses.iter_mut().for_each(|course| course.truncate(from));
            let found = self.repeated()?;
            return Some(Violation::new(NO_DEADLOCK, found, None));
        }
        let stuck: Vec<_> = self.tasks.iter().filter(|task| task.end.is_none()).collect();
        if stuck.is_empty() {
            return None;
        }
        let names = stuck.iter().map(|task| task.worker.to_string()).collect::<Vec<_>>().join(", ");
        let found = format!("{names} waits for ever: no worker is left that could wake it");
        Some(Violation::new(NO_DEADLOCK, found, None))
    }
}

/// The violation that a worker has panicked, if one has.
pub(super) fn panicked<'a>(
    ends: impl IntoIterator<Item = (&'a WorkerId, &'a WorkerEnd)>,
) -> Option<Violation> {
    let found = ends.into_iter().find_map(|(worker, end)| match end {
        WorkerEnd::Panicked(message) => Some(format!("{worker} panicked: {message}")),
        _ => None,
    });
    found.map(|found| Violation::new(NO_PANIC, found, None))
}
