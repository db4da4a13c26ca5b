//! Owns the saga family: work over several stores or steps that must end whole or be undone.

mod compensation;
mod invoice;
mod retrying;
mod two_phase;
mod upload;
mod workflow;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let files = [compensation::all(), upload::all(), invoice::all(), workflow::all(), two_phase::all()];
    files.into_iter().flatten().collect()
}
