//! Owns the rate-limit family: how often a client may call, counted in Redis.

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    Vec::new()
}
