//! Owns the saga family: work over several stores or steps that must end whole or be undone.

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    Vec::new()
}
