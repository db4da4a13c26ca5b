//! Owns [`Invocation`]: an operation between its begin and its end.

use tokio::sync::mpsc::UnboundedSender;

use super::Event;
use crate::history::OperationEnd;

/// An operation that has begun. End it with one of its methods; one that is dropped (because `?`
/// returned early, for instance) stays open: it may or may not have taken effect.
#[derive(Debug)]
pub struct Invocation {
    number: usize,
    events: UnboundedSender<Event>,
}

impl Invocation {
    pub(crate) fn new(number: usize, events: UnboundedSender<Event>) -> Self {
        Self { number, events }
    }

    /// It took effect and returned `result`.
    pub fn ok(self, result: impl ToString) {
        self.end(OperationEnd::Ok(result.to_string()));
    }

    /// It returned without any effect, for this reason.
    pub fn refused(self, reason: impl ToString) {
        self.end(OperationEnd::Refused(reason.to_string()));
    }

    /// It returned an error, and nobody knows whether it took effect.
    pub fn unknown(self, error: impl ToString) {
        self.end(OperationEnd::Unknown(error.to_string()));
    }

    fn end(self, end: OperationEnd) {
        // The receiver is gone only when the execution is over.
        let _ = self.events.send(Event::Returned { number: self.number, end });
    }
}
