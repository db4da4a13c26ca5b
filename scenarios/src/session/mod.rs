//! Owns the session family: what a user's session holds, written by several requests at once.

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    Vec::new()
}
