//! Owns [`Queue`]: first in, first out.

use std::collections::VecDeque;

use super::Value;
use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// Values that come out in the order in which they went in; none at first.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `enqueue`, `push` | the value | any |
/// | `dequeue`, `pop` | none | the value, or nothing (`nil` or empty) if there was none |
///
/// A refused `dequeue` has found nothing, which is judged; a refused `enqueue` is ignored. One that was lost on its way back (unknown)
/// may have taken the first value.
#[derive(Debug, Clone, Default)]
pub struct Queue;

/// An operation of a [`Queue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueCall {
    /// The value went in.
    Enqueue(Value),
    /// This value came out, or there was none.
    Dequeue(Option<Value>),
    /// Nobody knows what came out, if anything.
    DequeueUnknown,
}

impl Model for Queue {
    type State = VecDeque<Value>;
    type Call = QueueCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<QueueCall>, Misfit> {
        Ok(match (reported.name, reported.answer) {
            ("enqueue" | "push", Answer::Refused(_)) => None,
            ("enqueue" | "push", _) => Some(QueueCall::Enqueue(reported.argument.into())),
            ("dequeue" | "pop", Answer::Ok(result)) => {
                let value = Value::from(result);
                Some(QueueCall::Dequeue((value != Value::Nil).then_some(value)))
            }
            ("dequeue" | "pop", Answer::Refused(_)) => Some(QueueCall::Dequeue(None)),
            ("dequeue" | "pop", Answer::Unknown) => Some(QueueCall::DequeueUnknown),
            _ => return Err(Misfit::name(reported, "a queue", "enqueue, dequeue")),
        })
    }

    fn init(&self) -> VecDeque<Value> {
        VecDeque::new()
    }

    fn step(&self, state: &VecDeque<Value>, call: &QueueCall) -> Option<VecDeque<Value>> {
        if let QueueCall::Dequeue(value) = call
            && state.front() != value.as_ref()
        {
            return None;
        }
        let mut state = state.clone();
        match call {
            QueueCall::Enqueue(value) => state.push_back(value.clone()),
            QueueCall::Dequeue(_) | QueueCall::DequeueUnknown => drop(state.pop_front()),
        }
        Some(state)
    }

    fn is_read(&self, call: &QueueCall) -> bool {
        *call == QueueCall::Dequeue(None)
    }

    fn show(&self, state: &VecDeque<Value>) -> String {
        let values: Vec<_> = state.iter().map(ToString::to_string).collect();
        format!("[{}]", values.join(" "))
    }

    fn bytes(&self, state: &VecDeque<Value>) -> usize {
        (state.len() + 2) * size_of::<Value>()
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::check::linearizability::Model;
    use crate::check::linearizability::WithoutRefusals;
    use crate::check::sample::{holds, ok, refused, unknown};
    use crate::history::Operation;

    fn filled() -> [Operation; 2] {
        [ok('A', "enqueue x", "", 0, 1), ok('A', "enqueue y", "", 2, 3)]
    }

    fn then(model: &impl Model, more: &[Operation]) -> bool {
        holds(model, &[&filled()[..], more].concat())
    }

    #[test]
    fn what_went_in_first_comes_out_first() {
        assert!(then(&Queue, &[ok('B', "dequeue", "x", 4, 5), ok('C', "dequeue", "y", 6, 7)]));
        assert!(!then(&Queue, &[ok('B', "dequeue", "y", 4, 5), ok('C', "dequeue", "x", 6, 7)]));
        assert!(!then(&Queue, &[ok('B', "dequeue", "x", 4, 7), ok('C', "dequeue", "x", 5, 6)]));
    }

    #[test]
    fn queue_is_empty_only_if_it_is() {
        assert!(holds(&Queue, &[refused('B', "pop", 0, 1), ok('B', "pop", "", 2, 3)]));
        assert!(!then(&Queue, &[refused('B', "pop", 4, 5)]));
        assert!(then(&WithoutRefusals(Queue), &[refused('B', "pop", 4, 5)]));
    }

    #[test]
    fn lost_answer_may_have_taken_the_first() {
        assert!(then(&Queue, &[unknown('B', "dequeue", 4), ok('C', "dequeue", "y", 5, 6)]));
        assert!(!then(&Queue, &[unknown('B', "dequeue", 4), ok('C', "dequeue", "z", 5, 6)]));
    }
}
