//! Owns the sales that check and take in one `UPDATE … WHERE stock > 0`.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::promise;
use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, correct};

const TAKE: &str = "UPDATE items SET stock = stock - 1 WHERE id = 1 AND stock > 0";

/// One statement, and its row count says who got the unit.
pub(super) struct RowCountChecked;

#[async_trait(?Send)]
impl Scenario for RowCountChecked {
    fn card(&self) -> Card {
        let about = "Each buyer takes a unit with an UPDATE whose WHERE asks for stock, and looks at the row count. \
                     Postgres evaluates the condition again on the newest row, so the last unit goes to one.";
        correct("inventory/conditional-update", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 2).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        match postgres.execute(TAKE, &[]).await? {
            0 => buy.refused("sold out"),
            _ => buy.ok("sold"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(2)
    }
}

/// The condition does its work, but the program does not look whether a row matched.
///
/// ```text
/// A                               B
/// UPDATE … WHERE stock > 0 -> 1
///                                 UPDATE … WHERE stock > 0 -> 0   ignored: B is told "sold"
/// ```
pub(super) struct RowCountIgnored;

#[async_trait(?Send)]
impl Scenario for RowCountIgnored {
    fn card(&self) -> Card {
        let about = "Each buyer takes a unit with an UPDATE whose WHERE asks for stock, but ignores the row count. \
                     The stock stays right, and buyers who got nothing are told that they bought.";
        broken("inventory/conditional-update-unchecked", about, LOST_UPDATE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        postgres.execute(TAKE, &[]).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}

/// The same in transactions: whoever comes second waits for the first to commit and then looks again.
///
/// ```text
/// A                     B                     C
/// BEGIN                 BEGIN                 BEGIN
/// UPDATE stock 2 -> 1
///                       UPDATE (waits)        UPDATE (waits)
/// COMMIT                UPDATE stock 1 -> 0
///                       COMMIT                UPDATE: 0 rows, sold out
/// ```
pub(super) struct InTransactions;

#[async_trait(?Send)]
impl Scenario for InTransactions {
    fn card(&self) -> Card {
        let about = "Three buyers take one of two units with a conditional UPDATE, each in a transaction. Those who \
                     wait for a commit evaluate the condition again, so one of three is refused.";
        correct("inventory/conditional-update-herd", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 2).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        let transaction = postgres.transaction().await?;
        let taken = transaction.execute(TAKE, &[]).await?;
        transaction.commit().await?;
        if taken == 0 {
            buy.refused("sold out");
        } else {
            buy.ok("sold");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(2)
    }
}
