//! Owns the sale that looks at the stock first and takes a unit afterwards.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::promise;
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::broken;

/// `SELECT`, compare, `UPDATE`: both see the last unit.
///
/// ```text
/// A                      B
/// SELECT stock -> 1
///                        SELECT stock -> 1
/// UPDATE stock - 1
///                        UPDATE stock - 1     two sold, stock -1
/// ```
pub(super) struct CheckThenDecrement;

#[async_trait(?Send)]
impl Scenario for CheckThenDecrement {
    fn card(&self) -> Card {
        let about = "Each buyer reads the stock and takes a unit if there is one. Between the two statements \
                     somebody else may have taken the last one.";
        broken("inventory/check-then-decrement", about, CHECK_THEN_ACT)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        let row = postgres.query_one("SELECT stock FROM items WHERE id = 1", &[]).await?;
        if row.try_get::<_, i32>(0)? < 1 {
            buy.refused("sold out");
            return Ok(());
        }
        postgres.execute("UPDATE items SET stock = stock - 1 WHERE id = 1", &[]).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}
