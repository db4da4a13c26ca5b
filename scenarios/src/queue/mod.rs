//! Owns the queue family: jobs that each have to be done, by one worker at a time.

mod attempts;
mod claim;
mod dependents;
mod eta;
mod limit;
mod lock_table;
mod pop;
mod promises;
mod restore;
mod skip_locked;
mod snapshot;
mod stalled;
mod stream;
mod visibility;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let files = [
        claim::all(),
        lock_table::all(),
        snapshot::all(),
        limit::all(),
        skip_locked::all(),
        visibility::all(),
        pop::all(),
        restore::all(),
        stream::all(),
        stalled::all(),
        dependents::all(),
        eta::all(),
        attempts::all(),
    ];
    files.into_iter().flatten().collect()
}
