//! Owns the pool family: workers of one process that share a small pool of connections.

mod hold_and_wait;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    hold_and_wait::all()
}
