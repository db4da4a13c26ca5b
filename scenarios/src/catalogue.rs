//! Owns the list of all scenarios of this repository.

use std::sync::Arc;

use raceproof::Scenario;

/// Every scenario, family by family, in the order in which `raceproof list` shows them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    crate::counter::all()
}
