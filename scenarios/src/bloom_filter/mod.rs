//! Owns the bloom-filter family: bits in Redis that say of everybody either "certainly no member" or "perhaps".

mod bits;
mod rebuild;
mod seen;
mod sign_up;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    [sign_up::all(), seen::all(), rebuild::all()].into_iter().flatten().collect()
}
