//! Owns the list in Redis that stands for the broker, and what its events are about.

use raceproof::history::Datum;
use raceproof::{View, Worker};

/// The events, oldest first.
pub(super) const EVENTS: &str = "events";
/// What they are about.
pub(super) const ORDERS: &str = "CREATE TABLE orders (id text PRIMARY KEY)";
/// Events that are to leave the database, in the order in which they were written.
pub(super) const OUTBOX: &str = "CREATE TABLE outbox (id serial PRIMARY KEY, event text NOT NULL, is_sent boolean NOT NULL DEFAULT false)";

/// What a worker orders.
pub(super) fn order_of(worker: &Worker) -> String {
    format!("order of {}", worker.id())
}

/// How often `event` is in the list.
pub(super) fn listed(view: &View<'_>, event: &str) -> usize {
    match view.state.get(EVENTS).map(Datum::lasting) {
        Some(Datum::List(events)) => events.iter().filter(|other| *other == event).count(),
        _ => 0,
    }
}
