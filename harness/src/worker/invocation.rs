//! Owns [`Invocation`]: an operation between its begin and its end.

use std::fmt::{Debug, Display};
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

    /// It returned `result`, which is handed on: a value is told by its `Debug` text, and after an error nobody knows whether it
    /// took effect. What returns an error without any effect is better told with [`refused`](Self::refused).
    ///
    /// ```no_run
    /// # struct Shop;
    /// # impl Shop { async fn buy(&self, _: &str) -> std::io::Result<bool> { Ok(true) } }
    /// # async fn example(worker: raceproof::Worker, shop: Shop) -> raceproof::scenario::Result {
    /// // The operation begins before the arguments of `returned` are computed, and so before the purchase.
    /// let is_bought = worker.invoke("buy", "alice").returned(shop.buy("alice").await)?;
    /// # let _ = is_bought;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// That of `result`.
    pub fn returned<T: Debug, E: Display>(self, result: Result<T, E>) -> Result<T, E> {
        match &result {
            Ok(value) => self.ok(format!("{value:?}")),
            Err(error) => self.unknown(error),
        }
        result
    }

    fn end(self, end: OperationEnd) {
        let at = self.positions.fetch_add(1, Ordering::SeqCst);
        // The receiver is gone only when the execution is over.
        let _ = self.events.send(Event::Returned { number: self.number, end, at });
    }
}
