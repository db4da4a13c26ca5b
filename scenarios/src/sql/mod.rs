//! Owns the sql family: rules over several rows that every transaction keeps and two break together.

mod last_owner;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(last_owner::CountThenDelete),
        Arc::new(last_owner::GuardedDelete),
        Arc::new(last_owner::AdvisoryLock),
    ]
}
