//! Owns the sales that leave the conflict to `SERIALIZABLE`, with and without starting over.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, IsolationLevel};

use super::promise;
use crate::card::correct;

/// More attempts than there can be writers before us.
const ATTEMPTS_MAX: usize = 10;

/// Whether a unit was sold; an error with code 40001 if Postgres found a conflict.
async fn attempt(postgres: &mut Client) -> std::result::Result<bool, Error> {
    let transaction = postgres.build_transaction().isolation_level(IsolationLevel::Serializable);
    let transaction = transaction.start().await?;
    let row = transaction.query_one("SELECT stock FROM items WHERE id = 1", &[]).await?;
    let stock: i32 = row.try_get(0)?;
    if stock > 0 {
        transaction.execute("UPDATE items SET stock = $1 WHERE id = 1", &[&(stock - 1)]).await?;
    }
    transaction.commit().await?;
    Ok(stock > 0)
}

/// A conflict starts over.
///
/// ```text
/// A                          B
/// BEGIN, SELECT -> 1         BEGIN, SELECT -> 1
/// UPDATE stock 0, COMMIT
///                            UPDATE: could not serialize, ROLLBACK
///                            BEGIN, SELECT -> 0, COMMIT: sold out
/// ```
pub(super) struct Retry;

#[async_trait(?Send)]
impl Scenario for Retry {
    fn card(&self) -> Card {
        let about = "Each buyer reads and writes the stock in a SERIALIZABLE transaction and starts over when Postgres \
                     reports a conflict. Whoever would overwrite a newer stock is stopped and reads again.";
        correct("inventory/serializable-retry", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        for _ in 0..ATTEMPTS_MAX {
            match attempt(&mut postgres).await {
                Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {}
                answer => {
                    if answer? {
                        buy.ok("sold");
                    } else {
                        buy.refused("sold out");
                    }
                    return Ok(());
                }
            }
        }
        buy.refused("too busy");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let mut promises = promise::no_oversell(1);
        promises.push(crate::operations::all_answered("buy"));
        promises
    }
}

/// A conflict ends the request with an error: annoying, but nothing is sold twice.
pub(super) struct NoRetry;

#[async_trait(?Send)]
impl Scenario for NoRetry {
    fn card(&self) -> Card {
        let about = "Each buyer reads and writes the stock in a SERIALIZABLE transaction, and a conflict ends the \
                     request with an error. The buyer has to come back, but nothing is sold twice.";
        correct("inventory/serializable-no-retry", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        if attempt(&mut postgres).await? {
            buy.ok("sold");
        } else {
            buy.refused("sold out");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}
