//! Owns the cache family: copies of the database's truth in Redis or in the process, and how they are invalidated.

mod aside;
mod authorisation;
mod deletion;
mod filler;
mod guarded_fill;
mod import;
mod list_key;
mod near;
mod outbox;
mod record;
mod revocation;
mod stampede;
mod tags;
mod tracking;
mod write_behind;
mod write_through;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let parts = [
        deletion::all(),
        guarded_fill::all(),
        filler::all(),
        tags::all(),
        write_through::all(),
        write_behind::all(),
        vec![Arc::new(outbox::Outbox) as Arc<dyn Scenario>],
        import::all(),
        list_key::all(),
        stampede::all(),
        near::all(),
        tracking::all(),
        authorisation::all(),
        revocation::all(),
    ];
    parts.into_iter().flatten().collect()
}
