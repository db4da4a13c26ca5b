//! Owns the idempotency family: requests and events that arrive more than once and must take effect once.

mod client;
mod consumer;
mod mark;
mod recharge;
mod request_row;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let variants = [request_row::all(), mark::all(), consumer::all(), recharge::all()];
    variants.into_iter().flatten().collect()
}
