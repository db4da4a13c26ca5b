//! Owns [`Sequential`]: a model of two closures.

use std::fmt;
use std::hash::Hash;

use super::model::{Answer, Misfit, Model, Reported};
use crate::id::WorkerId;

/// A model that is a first state and a step; see [`sequential`].
#[derive(Debug, Clone)]
pub struct Sequential<S, F> {
    first: S,
    step: F,
}

/// A model that begins with `first`; `step` says what an operation with its answer makes of a state, or `None` if it could
/// not be answered so. Refused operations reach `step` too.
///
/// ```
/// use raceproof::check::linearizability::{Answer, Limits, check, sequential};
///
/// let ticket = sequential(1, |left: &i64, call| match (call.name, call.answer) {
///     ("sell", Answer::Refused(_)) => (*left == 0).then_some(0),
///     ("sell", _) => (*left > 0).then(|| left - 1),
///     _ => None,
/// });
/// assert!(check(&ticket, &[], &Limits::default()).is_ok());
/// ```
pub fn sequential<S, F>(first: S, step: F) -> Sequential<S, F>
where
    S: Clone + Eq + Hash + fmt::Debug,
    F: Fn(&S, Reported<'_>) -> Option<S>,
{
    Sequential { first, step }
}

/// The texts of an operation, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    worker: WorkerId,
    name: String,
    argument: String,
    answer: Kept,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    Ok(String),
    Refused(String),
    Unknown,
}

impl<S, F> Model for Sequential<S, F>
where
    S: Clone + Eq + Hash + fmt::Debug,
    F: Fn(&S, Reported<'_>) -> Option<S>,
{
    type State = S;
    type Call = Told;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<Told>, Misfit> {
        let answer = match reported.answer {
            Answer::Ok(text) => Kept::Ok(text.to_owned()),
            Answer::Refused(text) => Kept::Refused(text.to_owned()),
            Answer::Unknown => Kept::Unknown,
        };
        let (name, argument) = (reported.name.to_owned(), reported.argument.to_owned());
        Ok(Some(Told { worker: reported.worker, name, argument, answer }))
    }

    fn init(&self) -> S {
        self.first.clone()
    }

    fn step(&self, state: &S, call: &Told) -> Option<S> {
        let answer = match &call.answer {
            Kept::Ok(text) => Answer::Ok(text),
            Kept::Refused(text) => Answer::Refused(text),
            Kept::Unknown => Answer::Unknown,
        };
        let reported = Reported { worker: call.worker, name: &call.name, argument: &call.argument, answer };
        (self.step)(state, reported)
    }
}
