//! Owns [`SerialOutcomes`]: what workers come to one after the other, which is what they must come to at the same time if
//! nothing else is promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::{Invariant, View};
use crate::history::{Operation, OperationEnd, State};
use crate::id::WorkerId;

/// What the invariant promises.
const PROMISE: &str = "the outcome is that of some serial order of the workers";

/// Most outcomes that are told to a reader.
const TOLD_MAX: usize = 3;

/// What one worker's operations came to: name, argument and end of each, in its own order.
type Answers = Vec<(String, String, OperationEnd)>;

/// What an execution came to: what the stores hold, and what each worker was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    state: State,
    answers: BTreeMap<WorkerId, Answers>,
}

/// The outcomes of serial executions: of each set of workers, of every order in which they can do their work one after the
/// other.
///
/// The criterion is that of serialisability (Papadimitriou, 1979), for whole workers and with the stores' real behaviour as the
/// specification: nobody has to say what is right.
#[derive(Debug, Clone, Default)]
pub struct SerialOutcomes(BTreeMap<BTreeSet<WorkerId>, BTreeSet<Outcome>>);

impl SerialOutcomes {
    /// Takes in that `workers`, one after the other, left `state` and were told what `operations` say.
    pub fn insert(&mut self, workers: &[WorkerId], state: &State, operations: &[Operation]) {
        let outcome = Outcome { state: state.clone(), answers: answers(operations, &[]) };
        self.0.entry(workers.iter().copied().collect()).or_default().insert(outcome);
    }

    /// Whether no order of any workers came to an end.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The promise that executions come to one of these outcomes.
    ///
    /// A worker that ended in an error may have done its work or not, and what it was told does not count. An execution in
    /// which something broke is not judged, and neither is one of workers whose orders are not known.
    #[must_use]
    pub fn into_invariant(self) -> Invariant {
        let known = Arc::new(self);
        Invariant::new(PROMISE, move |view| known.judge(view))
    }

    fn judge(&self, view: &View<'_>) -> Result<(), String> {
        let team: BTreeSet<WorkerId> = view.team.iter().copied().collect();
        if view.faults > 0 || !self.0.contains_key(&team) {
            return Ok(());
        }
        let found = Outcome { state: view.state.clone(), answers: answers(view.operations, view.failed) };
        let finished: BTreeSet<WorkerId> =
            team.iter().copied().filter(|worker| !view.failed.contains(worker)).collect();
        // A failed worker may have had its effect, all the same.
        let may_have_worked =
            |workers: &BTreeSet<WorkerId>| workers.is_superset(&finished) && workers.is_subset(&team);
        let possible =
            || self.0.iter().filter(|(workers, _)| may_have_worked(workers)).flat_map(|(_, them)| them);
        let is_found = |serial: &Outcome| found.is(serial, view.failed);
        let nobody_worked = finished.is_empty();
        if nobody_worked || possible().any(is_found) {
            return Ok(());
        }
        let told: Vec<String> = possible().take(TOLD_MAX).map(|outcome| format!("`{outcome}`")).collect();
        let more = possible().count().saturating_sub(TOLD_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Err(format!("it is `{found}`; one after the other they come to {}{more}", told.join(" or ")))
    }
}

impl Outcome {
    /// Whether it is `serial`, but for what workers were told that have `failed`, which it does not hold.
    fn is(&self, serial: &Self, failed: &[WorkerId]) -> bool {
        let counted = serial.answers.iter().filter(|(worker, _)| !failed.contains(worker));
        self.state == serial.state && self.answers.iter().eq(counted)
    }
}

impl fmt::Display for Outcome {
    /// `counter=2; A: increment -> 1; B: increment -> 2`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.state)?;
        for (worker, answers) in &self.answers {
            for (name, argument, end) in answers {
                let argument = if argument.is_empty() { String::new() } else { format!(" {argument}") };
                let end = match end {
                    OperationEnd::Open => "open".to_owned(),
                    OperationEnd::Ok(result) => result.clone(),
                    OperationEnd::Refused(reason) => format!("refused ({reason})"),
                    OperationEnd::Unknown(error) => format!("error ({error})"),
                };
                write!(formatter, "; {worker}: {name}{argument} -> {end}")?;
            }
        }
        Ok(())
    }
}

/// What each worker was told, but for those that have `failed`.
fn answers(operations: &[Operation], failed: &[WorkerId]) -> BTreeMap<WorkerId, Answers> {
    let mut answers: BTreeMap<WorkerId, Answers> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| !failed.contains(&operation.worker)) {
        let answer = (operation.name.clone(), operation.argument.clone(), operation.end.clone());
        answers.entry(operation.worker).or_default().push(answer);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Datum;

    const A: WorkerId = WorkerId(0);
    const B: WorkerId = WorkerId(1);

    fn state(counter: i64) -> State {
        State::new(BTreeMap::from([("counter".to_owned(), Datum::Text(counter.to_string()))]))
    }

    fn told(worker: WorkerId, result: i64) -> Operation {
        Operation {
            worker,
            name: "increment".to_owned(),
            argument: String::new(),
            invoked: 0,
            invoked_after_steps: 0,
            returned: Some(1),
            returned_after_steps: None,
            end: OperationEnd::Ok(result.to_string()),
            fault: None,
        }
    }

    /// Two increments in either order, and each alone.
    fn known() -> SerialOutcomes {
        let mut known = SerialOutcomes::default();
        known.insert(&[A, B], &state(2), &[told(A, 1), told(B, 2)]);
        known.insert(&[B, A], &state(2), &[told(B, 1), told(A, 2)]);
        known.insert(&[A], &state(1), &[told(A, 1)]);
        known.insert(&[B], &state(1), &[told(B, 1)]);
        known
    }

    fn judged(
        counter: i64,
        operations: &[Operation],
        failed: &[WorkerId],
        faults: usize,
    ) -> Result<(), String> {
        let (state, team) = (state(counter), [A, B]);
        let view = View { state: &state, operations, workers: 2, team: &team, crashed: &[], failed, faults };
        known().judge(&view)
    }

    #[test]
    fn outcome_of_either_order_is_accepted_whoever_came_first_in_the_history() {
        assert_eq!(judged(2, &[told(A, 1), told(B, 2)], &[], 0), Ok(()));
        assert_eq!(judged(2, &[told(A, 2), told(B, 1)], &[], 0), Ok(()));
    }

    #[test]
    fn outcome_of_no_order_is_rejected_and_told_beside_those_that_there_are() {
        let found = judged(1, &[told(A, 1), told(B, 1)], &[], 0).expect_err("an increment is lost");
        let told = "it is `counter=1; A: increment -> 1; B: increment -> 1`; one after the other they come to \
                    `counter=2; A: increment -> 1; B: increment -> 2` or \
                    `counter=2; A: increment -> 2; B: increment -> 1`";
        assert_eq!(found, told);
    }

    /// Nobody has both: the stores may be as they should be although somebody was told something else.
    #[test]
    fn right_state_with_wrong_answers_is_rejected() {
        assert!(judged(2, &[told(A, 2), told(B, 2)], &[], 0).is_err());
    }

    #[test]
    fn failed_worker_may_have_worked_or_not_but_not_twice() {
        assert_eq!(judged(1, &[told(A, 1)], &[B], 0), Ok(()));
        assert_eq!(judged(2, &[told(A, 2)], &[B], 0), Ok(()));
        assert!(judged(3, &[told(A, 2)], &[B], 0).is_err());
    }

    #[test]
    fn execution_in_which_something_broke_is_not_judged() {
        assert_eq!(judged(7, &[], &[], 1), Ok(()));
    }
}
