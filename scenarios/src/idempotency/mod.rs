//! Owns the idempotency family: requests and events that arrive more than once and must take effect once.

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    Vec::new()
}
