//! Owns the coupon with a usage limit, which is the number of settled orders that used it.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::GenericClient;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::rows;

const SOURCE: &str = "vendurehq/vendure#4660";
const SETTLE: &str = "UPDATE orders SET state = 'settled' WHERE id = $1";

/// A coupon that may be used once, and an order of each of three workers that has it.
async fn prepare(stores: &mut SetUp) -> Result {
    let tables = "CREATE TABLE coupons (id int PRIMARY KEY, usage_limit int NOT NULL);
                  CREATE TABLE orders (id text PRIMARY KEY, coupon int NOT NULL, state text NOT NULL);
                  INSERT INTO coupons VALUES (1, 1);
                  INSERT INTO orders VALUES ('A', 1, 'open'), ('B', 1, 'open'), ('C', 1, 'open')";
    Ok(stores.postgres().batch_execute(tables).await?)
}

/// Locks the coupon and compares its limit with the settled orders.
async fn is_usable(postgres: &impl GenericClient) -> Result<bool> {
    let lock = "SELECT usage_limit FROM coupons WHERE id = 1 FOR UPDATE";
    let limit: i32 = postgres.query_one(lock, &[]).await?.try_get(0)?;
    let count = "SELECT count(*) FROM orders WHERE coupon = 1 AND state = 'settled'";
    let used: i64 = postgres.query_one(count, &[]).await?.try_get(0)?;
    Ok(used < i64::from(limit))
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("a coupon is used at most as often as its limit says", |view: &View<'_>| {
        match rows::count(view, "orders", "state", "settled") {
            0 | 1 => Ok(()),
            used => Err(format!("{used} orders were settled with a limit of 1: {}", view.state)),
        }
    })]
}

/// The lock is released after the check, and the order is settled afterwards.
///
/// ```text
/// A                               B
/// BEGIN, SELECT … FOR UPDATE
/// SELECT count(*) -> 0, COMMIT
///                                 BEGIN, SELECT … FOR UPDATE
///                                 SELECT count(*) -> 0, COMMIT
/// UPDATE order A settled          UPDATE order B settled       used twice
/// ```
pub(super) struct LockReleased;

#[async_trait(?Send)]
impl Scenario for LockReleased {
    fn card(&self) -> Card {
        let about = "Each checkout counts the settled orders of a coupon under a lock, commits, and settles its own \
                     order afterwards. The lock is gone before the count changes, so the next one counts the same.";
        broken("inventory/coupon-count", about, CHECK_THEN_ACT).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let checkout = worker.invoke("checkout", "");
        let transaction = postgres.transaction().await?;
        let is_usable = is_usable(&transaction).await?;
        transaction.commit().await?;
        if !is_usable {
            checkout.refused("coupon used up");
            return Ok(());
        }
        postgres.execute(SETTLE, &[&worker.id().to_string()]).await?;
        checkout.ok("settled");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The order is settled before the lock is released.
pub(super) struct LockHeld;

#[async_trait(?Send)]
impl Scenario for LockHeld {
    fn card(&self) -> Card {
        let about = "Each checkout locks the coupon, counts its settled orders and settles its own, all in one \
                     transaction. The next one counts when the order before is settled.";
        correct("inventory/coupon-lock-held", about).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let checkout = worker.invoke("checkout", "");
        let transaction = postgres.transaction().await?;
        let is_usable = is_usable(&transaction).await?;
        if is_usable {
            transaction.execute(SETTLE, &[&worker.id().to_string()]).await?;
        }
        transaction.commit().await?;
        if is_usable {
            checkout.ok("settled");
        } else {
            checkout.refused("coupon used up");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
