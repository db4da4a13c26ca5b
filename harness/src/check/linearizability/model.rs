//! Owns [`Model`]: what an object does when its operations come one at a time; the search for such an order is [`super::search`]'s.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;

use thiserror::Error;

use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;

/// What an object does when its operations come one at a time: the state that it begins with, and a step.
///
/// A step must depend on nothing but the state and the call, for the search takes equal states for the same state.
/// [`super::sequential`] makes a model of two closures.
pub trait Model {
    /// The object between two operations. Many are kept and compared, so small ones make a fast search.
    type State: Clone + Eq + Hash + fmt::Debug;
    /// An operation with its answer, read once from its texts before the search begins.
    type Call: PartialEq;

    /// Reads an operation. `None` for one that has no effect and tells nothing, so that it can be left out; most models
    /// say that of refused operations.
    ///
    /// # Errors
    ///
    /// [`Misfit`] if the model does not understand it.
    fn call(&self, reported: &Reported<'_>) -> Result<Option<Self::Call>, Misfit>;

    /// The object before the first operation.
    fn init(&self) -> Self::State;

    /// The object after `call`, or `None` if in `state` it could not have been answered as it was. A call whose answer
    /// is not known may be answered in any way.
    fn step(&self, state: &Self::State, call: &Self::Call) -> Option<Self::State>;

    /// The part of the object that the operation concerns, such as a key: parts are judged one by one, which is much faster.
    /// `None` if it concerns the whole; one such operation is enough for a history to be judged as a whole.
    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        let _ = reported;
        None
    }

    /// Whether `call` changes no state at all, whichever it meets. The search is faster where it knows.
    fn is_read(&self, call: &Self::Call) -> bool {
        let _ = call;
        false
    }

    /// The state, for people.
    fn show(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }

    /// About how much memory a state takes.
    fn bytes(&self, state: &Self::State) -> usize {
        size_of_val(state)
    }
}

/// An operation as its worker reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported<'a> {
    /// Who did it.
    pub worker: WorkerId,
    /// What it is called.
    pub name: &'a str,
    /// What it was invoked with.
    pub argument: &'a str,
    /// What came back.
    pub answer: Answer<'a>,
}

/// What came back of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It took effect and returned this.
    Ok(&'a str),
    /// It was answered with "no", for this reason, and took no effect. Models judge whether "no" was right where they can.
    Refused(&'a str),
    /// Nothing, or an error: it takes effect at any time after its invocation, or never.
    Unknown,
}

impl<'a> Reported<'a> {
    /// What `operation` reported.
    #[must_use]
    pub fn of(operation: &'a Operation) -> Self {
        let answer = match &operation.end {
            OperationEnd::Ok(result) => Answer::Ok(result),
            OperationEnd::Refused(reason) => Answer::Refused(reason),
            OperationEnd::Open | OperationEnd::Unknown(_) => Answer::Unknown,
        };
        Self { worker: operation.worker, name: &operation.name, argument: &operation.argument, answer }
    }

    /// The words of the argument: without brackets around it, separated by blanks or commas.
    pub fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        words(self.argument)
    }
}

/// The words of a text: without brackets around it, separated by blanks or commas.
pub(in crate::check) fn words(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let inner = [('[', ']'), ('(', ')'), ('{', '}')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    inner.unwrap_or(text).split([' ', ',', '\t']).filter(|word| !word.is_empty())
}

/// An operation that a model does not understand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Misfit(pub String);

impl Misfit {
    /// The operation has a name that `object` (such as `a register`) does not know; it knows `names`.
    #[must_use]
    pub fn name(reported: &Reported<'_>, object: &str, names: &str) -> Self {
        Self(format!("`{}` is no operation of {object} (it knows: {names})", reported.name))
    }

    /// The argument of the operation is not `wanted`, such as `a number`.
    #[must_use]
    pub fn argument(reported: &Reported<'_>, wanted: &str) -> Self {
        Self(format!("`{}` takes {wanted}, not `{}`", reported.name, reported.argument))
    }

    /// The result of the operation is not `wanted`.
    #[must_use]
    pub fn result(reported: &Reported<'_>, wanted: &str) -> Self {
        let result = match reported.answer {
            Answer::Ok(text) | Answer::Refused(text) => text,
            Answer::Unknown => "",
        };
        Self(format!("`{}` returns {wanted}, not `{result}`", reported.name))
    }
}
