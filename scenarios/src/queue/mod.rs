//! Owns the queue family: jobs that each have to be done, by one worker at a time.

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    Vec::new()
}
