//! Owns the rate-limit family: how often a client may call, counted in Redis.

mod client_key;
mod fixed_window;
mod limited;
mod line;
mod outage;
mod promise;
mod replayed;
mod retry_after;
mod sliding_counter;
mod sliding_log;
mod token_bucket;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let parts = [
        fixed_window::all(),
        sliding_log::all(),
        sliding_counter::all(),
        token_bucket::all(),
        replayed::all(),
        retry_after::all(),
        outage::all(),
        client_key::all(),
    ];
    parts.into_iter().flatten().collect()
}
