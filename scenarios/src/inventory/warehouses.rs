//! Owns the product that lies in two warehouses and may be oversold in one as long as the other covers it.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::WRITE_SKEW;
use crate::card::per_level;
use crate::rows;

/// Both read both warehouses; each takes from its own.
///
/// ```text
/// A (north)                      B (south)
/// BEGIN                          BEGIN
/// SELECT sum(stock) -> 2
///                                SELECT sum(stock) -> 2
/// UPDATE north stock - 2
/// COMMIT                         UPDATE south stock - 2
///                                COMMIT                    the sum is -2
/// ```
pub(super) struct TwoWarehouses;

#[async_trait(?Send)]
impl Scenario for TwoWarehouses {
    fn card(&self) -> Card {
        let about = "Each buyer reads the stock of two warehouses together and takes two units from one of them. The \
                     rows written are different, so no row lock and no snapshot stops both; only SERIALIZABLE does.";
        per_level("inventory/two-warehouses", about, [Some(WRITE_SKEW), Some(WRITE_SKEW), None])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE warehouses (name text PRIMARY KEY, stock int NOT NULL);
                      INSERT INTO warehouses VALUES ('north', 1), ('south', 1)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let own = if worker.index().is_multiple_of(2) { "north" } else { "south" };
        let buy = worker.invoke("buy", "2 units");
        let transaction = postgres.transaction().await?;
        let row = transaction.query_one("SELECT sum(stock) FROM warehouses", &[]).await?;
        let is_enough = row.try_get::<_, i64>(0)? >= 2;
        if is_enough {
            transaction.execute("UPDATE warehouses SET stock = stock - 2 WHERE name = $1", &[&own]).await?;
        }
        transaction.commit().await?;
        if is_enough {
            buy.ok(own);
        } else {
            buy.refused("sold out");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new(
            "all warehouses together are never below zero",
            |view: &View<'_>| match rows::sum(view, "warehouses", "stock") {
                left if left >= 0 => Ok(()),
                left => Err(format!("the stock of all is {left}: {}", view.state)),
            },
        )]
    }
}
