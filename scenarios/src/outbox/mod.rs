//! Owns the outbox family: events that leave the database if and only if their transaction did.

mod cursor;
mod dual_write;
mod early;
mod events;
mod lease;
mod relay;
mod transactional;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let files =
        [dual_write::all(), transactional::all(), relay::all(), lease::all(), cursor::all(), early::all()];
    files.into_iter().flatten().collect()
}
