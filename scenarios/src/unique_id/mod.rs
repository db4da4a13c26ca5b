//! Owns the unique-id family: numbers that nobody else ever gets.

mod block;
mod highest;
mod named;
mod promise;
mod redis;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let variants = [redis::all(), highest::all(), named::all(), block::all()];
    variants.into_iter().flatten().collect()
}
