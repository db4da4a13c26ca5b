//! Owns the sales in which one commit wakes several who waited for it: a shared lock, a foreign key, an advisory lock.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::error::SqlState;

use super::promise;
use crate::anomaly::WRITE_SKEW;
use crate::card::{Details, broken, correct};
use crate::rows;

/// Worker A takes the product off the market; the others reserve it.
fn is_merchant(worker: &Worker) -> bool {
    worker.index() == 0
}

/// A product on sale, and no reservations of it.
async fn market(stores: &mut SetUp, reference: &str) -> Result {
    let tables = format!(
        "CREATE TABLE items (id int PRIMARY KEY, state text NOT NULL);
         CREATE TABLE reservations (buyer text PRIMARY KEY, item int NOT NULL {reference}, state text NOT NULL);
         INSERT INTO items VALUES (1, 'on sale')"
    );
    Ok(stores.postgres().batch_execute(&tables).await?)
}

/// Takes product 1 off the market and cancels the reservations there are.
async fn discontinue(worker: &Worker) -> Result {
    let mut postgres = worker.postgres().await?;
    let discontinue = worker.invoke("discontinue", "item 1");
    let transaction = postgres.transaction().await?;
    transaction.execute("UPDATE items SET state = 'gone' WHERE id = 1", &[]).await?;
    transaction.execute("UPDATE reservations SET state = 'cancelled' WHERE item = 1", &[]).await?;
    transaction.commit().await?;
    discontinue.ok("done");
    Ok(())
}

/// Reserves product 1 if `lock` (nothing or `FOR SHARE`) finds it on sale.
async fn reserve(worker: &Worker, lock: &str) -> Result {
    let postgres = worker.postgres().await?;
    let buyer = worker.id().to_string();
    let reserve = worker.invoke("reserve", &buyer);
    let insert = format!(
        "INSERT INTO reservations SELECT $1, id, 'live' FROM items WHERE id = 1 AND state = 'on sale' {lock}"
    );
    match postgres.execute(&insert, &[&buyer]).await? {
        0 => reserve.refused("not on sale"),
        _ => reserve.ok("reserved"),
    }
    Ok(())
}

fn nothing_gone_is_reserved() -> Vec<Invariant> {
    vec![Invariant::new("a product that is gone has no live reservation", |view: &View<'_>| {
        let is_gone = rows::count(view, "items", "state", "gone") > 0;
        match rows::count(view, "reservations", "state", "live") {
            live if is_gone && live > 0 => Err(format!("{live} are live: {}", view.state)),
            _ => Ok(()),
        }
    })]
}

/// Reserving locks nothing: the product still looks on sale to whoever began before the commit.
///
/// ```text
/// A (merchant)                 B
/// BEGIN, UPDATE item gone
/// UPDATE reservations: none
///                              INSERT … WHERE state = 'on sale': 1 row
/// COMMIT                                                                 gone and reserved
/// ```
pub(super) struct Unlocked;

#[async_trait(?Send)]
impl Scenario for Unlocked {
    fn card(&self) -> Card {
        let about = "A merchant takes a product off the market and cancels its reservations while a buyer reserves it with \
                     INSERT … SELECT. The buyer reads the product as it was before, and the cancellation misses the new row.";
        broken("inventory/discontinue-unlocked", about, WRITE_SKEW)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        market(stores, "").await
    }

    async fn work(&self, worker: Worker) -> Result {
        if is_merchant(&worker) { discontinue(&worker).await } else { reserve(&worker, "").await }
    }

    fn finally(&self) -> Vec<Invariant> {
        nothing_gone_is_reserved()
    }
}

/// Buyers lock the product for sharing; the merchant's commit wakes them all, and they look again.
///
/// ```text
/// A (merchant)                 B                             C
/// BEGIN, UPDATE item gone
///                              INSERT … FOR SHARE (waits)    INSERT … FOR SHARE (waits)
/// COMMIT                       0 rows                        0 rows
/// ```
pub(super) struct ShareLock;

#[async_trait(?Send)]
impl Scenario for ShareLock {
    fn card(&self) -> Card {
        let about = "A merchant takes a product off the market while two buyers reserve it with INSERT … SELECT … FOR SHARE. \
                     Buyers wait for the merchant's commit and look again; the merchant waits for buyers who came first.";
        correct("inventory/share-lock-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        market(stores, "").await
    }

    async fn work(&self, worker: Worker) -> Result {
        if is_merchant(&worker) { discontinue(&worker).await } else { reserve(&worker, "FOR SHARE").await }
    }

    fn finally(&self) -> Vec<Invariant> {
        nothing_gone_is_reserved()
    }
}

/// The merchant deletes the product; a foreign key makes the buyers wait for it (`FOR KEY SHARE`).
///
/// ```text
/// A (merchant)         B                     C
/// BEGIN, DELETE item
///                      INSERT (waits)        INSERT (waits)
/// COMMIT               no such item          no such item
/// ```
pub(super) struct ForeignKey;

#[async_trait(?Send)]
impl Scenario for ForeignKey {
    fn card(&self) -> Card {
        let about = "A merchant deletes a product while two buyers insert reservations that refer to it. The foreign key \
                     locks the product for each insert, so either the reservations or the deletion are refused.";
        correct("inventory/foreign-key-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        market(stores, "REFERENCES items").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let act = worker.invoke(if is_merchant(&worker) { "delete" } else { "reserve" }, "item 1");
        let done = if is_merchant(&worker) {
            let transaction = postgres.transaction().await?;
            let deleted = transaction.execute("DELETE FROM items WHERE id = 1", &[]).await;
            if deleted.is_ok() {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            deleted
        } else {
            let insert = "INSERT INTO reservations VALUES ($1, 1, 'live')";
            postgres.execute(insert, &[&worker.id().to_string()]).await
        };
        match done {
            Ok(_) => act.ok("done"),
            Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
                act.refused("foreign key");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("every reservation is of a product that exists", |view: &View<'_>| {
            match (view.state.rows("reservations").count(), view.state.rows("items").count()) {
                (reservations, 0) if reservations > 0 => Err(format!("the product is gone: {}", view.state)),
                _ => Ok(()),
            }
        })]
    }
}

/// The same single statement as in `insert-where-not-exists`, one after the other by an advisory lock.
///
/// ```text
/// A                             B                    C
/// advisory lock
///                               lock (waits)         lock (waits)
/// INSERT … WHERE NOT EXISTS: 1
/// unlock                        INSERT …: 0, unlock  INSERT …: 0, unlock
/// ```
pub(super) struct AdvisoryLock;

#[async_trait(?Send)]
impl Scenario for AdvisoryLock {
    fn card(&self) -> Card {
        let about = "Each of three passengers takes an advisory lock on the seat, inserts where none exists, and lets go. The \
                     insert begins after the lock is held and is committed before it is released, so the next one sees it.";
        correct("inventory/advisory-lock-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::seats(stores, "").await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buyer = worker.id().to_string();
        let reserve = worker.invoke("reserve", &buyer);
        postgres.execute("SELECT pg_advisory_lock(1)", &[]).await?;
        let insert = "INSERT INTO reservations (buyer, seat) \
                      SELECT $1, 1 WHERE NOT EXISTS (SELECT FROM reservations WHERE seat = 1)";
        let inserted = postgres.execute(insert, &[&buyer]).await?;
        postgres.execute("SELECT pg_advisory_unlock(1)", &[]).await?;
        if inserted == 0 {
            reserve.refused("taken");
        } else {
            reserve.ok("seat 1");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_double_booking()
    }
}
