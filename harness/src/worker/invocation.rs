//! Owns [`Invocation`]: an operation between its begin and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::Event;
use crate::history::OperationEnd;

/// An operation that has begun. End it with one of its methods; one that is dropped (because `?`
/// returned early, for instance) stays open: it may or may not have taken effect.
#[derive(Debug)]
pub struct Invocation {
    number: usize,
    events: UnboundedSender<Event>,
    positions: Arc<AtomicU64>,
}

impl Invocation {
    pub(crate) fn new(number: usize, events: UnboundedSender<Event>, positions: Arc<AtomicU64>) -> Self {
        Self { number, events, positions }
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
        let at = self.positions.fetch_add(1, Ordering::SeqCst);
        // The receiver is gone only when the execution is over.
        let _ = self.events.send(Event::Returned { number: self.number, end, at });
    }
}
