//! Owns the token family: codes, links and rows that exist once and are used once.

mod cart;
mod code;
mod otp;
mod reset_link;
mod reset_password;
mod signed;
mod unique_row;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let mut all: Vec<Arc<dyn Scenario>> = vec![
        Arc::new(code::CodeTwice),
        Arc::new(code::LockAndRecheck),
        Arc::new(reset_link::TransactionIsNotALock),
        Arc::new(reset_link::UsedReturning),
    ];
    all.extend([otp::all(), reset_password::all(), signed::all()].into_iter().flatten());
    all.extend([
        Arc::new(unique_row::GetOrCreate) as Arc<dyn Scenario>,
        Arc::new(unique_row::ForUpdateMissingClient),
        Arc::new(unique_row::OnConflict),
    ]);
    all.extend(cart::all());
    all
}
