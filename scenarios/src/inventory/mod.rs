//! Owns the inventory family: stock, seats, coupons and reservations that must not be sold twice or get lost.

mod allocation;
mod check_then_decrement;
mod conditional_update;
mod coupon;
mod flash_sale;
mod for_update;
mod gift_card;
mod herd;
mod pool;
mod promise;
mod redis_stock;
mod reservation;
mod sale_queue;
mod seat;
mod serializable;
mod single_statement;
mod skus;
mod version;
mod warehouses;
mod withdrawal;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let mut all = stock();
    all.extend(bookings());
    all.extend(on_redis());
    all
}

/// A number that goes down.
fn stock() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(check_then_decrement::CheckThenDecrement),
        Arc::new(conditional_update::RowCountIgnored),
        Arc::new(conditional_update::RowCountChecked),
        Arc::new(conditional_update::InTransactions),
        Arc::new(for_update::Autocommit),
        Arc::new(for_update::InTransaction),
        Arc::new(pool::BesideTransaction),
        Arc::new(pool::InTransaction),
        Arc::new(version::Ignored),
        Arc::new(version::Checked),
        Arc::new(serializable::NoRetry),
        Arc::new(serializable::Retry),
        Arc::new(warehouses::TwoWarehouses),
        Arc::new(skus::OppositeOrder),
        Arc::new(skus::Ordered),
        Arc::new(skus::DeadlockRetried),
        Arc::new(allocation::AbsoluteValue),
        Arc::new(allocation::CheckThenAllocate),
        Arc::new(allocation::TwoTransactions),
        Arc::new(gift_card::Unguarded),
        Arc::new(gift_card::Guarded),
        Arc::new(withdrawal::Overdraft),
    ]
}

/// Rows that come into being or change hands.
fn bookings() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(seat::CheckThenInsert),
        Arc::new(seat::Unique),
        Arc::new(seat::UniqueUnhandled),
        Arc::new(seat::UniqueHerd),
        Arc::new(seat::RollbackHerd),
        Arc::new(single_statement::InsertWhereNotExists),
        Arc::new(herd::AdvisoryLock),
        Arc::new(single_statement::Subselect),
        Arc::new(single_statement::SkipLocked),
        Arc::new(reservation::Expiry),
        Arc::new(reservation::Conditional),
        Arc::new(coupon::LockReleased),
        Arc::new(coupon::LockHeld),
        Arc::new(for_update::MissingRow),
        Arc::new(herd::Unlocked),
        Arc::new(herd::ShareLock),
        Arc::new(herd::ForeignKey),
    ]
}

/// Stock in Redis, alone and before Postgres.
fn on_redis() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(redis_stock::CheckThenDecr),
        Arc::new(redis_stock::DecrBelowZero),
        Arc::new(redis_stock::DecrCompensate),
        Arc::new(redis_stock::Lua),
        Arc::new(flash_sale::DecrBeforeDuplicateCheck),
        Arc::new(flash_sale::BuyerOutside),
        Arc::new(flash_sale::Lua),
        Arc::new(sale_queue::PeekThenRemove),
        Arc::new(sale_queue::Database),
    ]
}
