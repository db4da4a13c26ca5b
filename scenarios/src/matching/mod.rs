//! Owns the matching family: users who wait for somebody, and those who bring them together.

mod players;
mod rides;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    [players::all(), rides::all()].into_iter().flatten().collect()
}
