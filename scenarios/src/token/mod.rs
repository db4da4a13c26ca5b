//! Owns the token family: codes, links and rows that exist once and are used once.

mod code;
mod reset_link;
mod unique_row;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(code::CodeTwice),
        Arc::new(code::LockAndRecheck),
        Arc::new(reset_link::TransactionIsNotALock),
        Arc::new(reset_link::UsedReturning),
        Arc::new(unique_row::GetOrCreate),
        Arc::new(unique_row::ForUpdateMissingClient),
        Arc::new(unique_row::OnConflict),
    ]
}
