//! Owns the sales over a pool of connections: a transaction holds only on the connection that it was begun on.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::promise;
use crate::anomaly::LOST_UPDATE;
use crate::card::{broken, correct};

const CONNECTIONS_MAX: u32 = 3;
const LOCK: &str = "SELECT stock FROM items WHERE id = 1 FOR UPDATE";
const WRITE: &str = "UPDATE items SET stock = $1 WHERE id = 1";

/// A pool that asks nothing of its connections but what the program asks.
async fn pool(worker: &Worker) -> Result<PgPool> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).test_before_acquire(false);
    let options = options.idle_timeout(None).max_lifetime(None);
    Ok(options.connect(&worker.postgres_url().await?).await?)
}

/// Every statement names the transaction.
pub(super) struct InTransaction;

#[async_trait(?Send)]
impl Scenario for InTransaction {
    fn card(&self) -> Card {
        let about = "Each buyer begins a transaction on a pool and runs every statement on it. The lock and the write are on \
                     one connection, so the lock holds until the commit.";
        correct("inventory/pool-for-update", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let pool = pool(&worker).await?;
        let buy = worker.invoke("buy", "");
        let mut transaction = pool.begin().await?;
        let stock: i32 = sqlx::query_scalar(LOCK).fetch_one(&mut *transaction).await?;
        if stock > 0 {
            sqlx::query(WRITE).bind(stock - 1).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        if stock > 0 {
            buy.ok("sold");
        } else {
            buy.refused("sold out");
        }
        pool.close().await;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}

/// The statements name the pool instead of the transaction, and run on another connection.
///
/// ```text
/// A, connection 1   A, connection 2           B, connection 2
/// BEGIN
///                   SELECT … FOR UPDATE -> 1  SELECT … FOR UPDATE -> 1    locks gone at once
///                   UPDATE stock 0            UPDATE stock 0              two sold
/// COMMIT (nothing)
/// ```
pub(super) struct BesideTransaction;

#[async_trait(?Send)]
impl Scenario for BesideTransaction {
    fn card(&self) -> Card {
        let about = "Each buyer begins a transaction on a pool, but runs its statements on the pool instead of the transaction. \
                     They go to another connection, where each is a transaction of its own and the lock ends at once.";
        broken("inventory/pool-beside-transaction", about, LOST_UPDATE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let pool = pool(&worker).await?;
        let buy = worker.invoke("buy", "");
        let transaction = pool.begin().await?;
        let stock: i32 = sqlx::query_scalar(LOCK).fetch_one(&pool).await?;
        if stock > 0 {
            sqlx::query(WRITE).bind(stock - 1).execute(&pool).await?;
        }
        transaction.commit().await?;
        if stock > 0 {
            buy.ok("sold");
        } else {
            buy.refused("sold out");
        }
        pool.close().await;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}
