//! Owns the session family: what several requests of one visitor change at once, and what ends.

mod ending;
mod fields;
mod logout;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    [fields::all(), logout::all(), ending::all()].into_iter().flatten().collect()
}
