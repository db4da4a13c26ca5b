//! Owns the orders of two products, whose rows are locked one after the other.

use std::result;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::anomaly::DEADLOCK;
use crate::card::{Details, broken, correct};
use crate::operations::{all_answered, done};
use crate::rows;

/// More attempts than there are orders to collide with.
const ATTEMPTS_MAX: usize = 10;
const UNITS: i64 = 2;

async fn prepare(stores: &mut SetUp) -> Result {
    let tables = "CREATE TABLE items (id int PRIMARY KEY, stock int NOT NULL);
                  INSERT INTO items VALUES (1, 2), (2, 2)";
    Ok(stores.postgres().batch_execute(tables).await?)
}

/// Takes one unit of each product, in this order; whether both had one.
async fn order(postgres: &mut Client, products: [i32; 2]) -> result::Result<bool, Error> {
    let transaction = postgres.transaction().await?;
    for product in products {
        let take = "UPDATE items SET stock = stock - 1 WHERE id = $1 AND stock > 0";
        if transaction.execute(take, &[&product]).await? == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

/// The products as the worker's cart lists them: every second cart the other way round.
fn cart(worker: &Worker) -> [i32; 2] {
    if worker.index().is_multiple_of(2) { [1, 2] } else { [2, 1] }
}

fn promises() -> Vec<Invariant> {
    vec![
        all_answered("order"),
        Invariant::new("every unit is either sold or in stock", |view: &View<'_>| {
            let (sold, left) = (2 * done(view, "order"), rows::sum(view, "items", "stock"));
            if sold + left == 2 * UNITS { Ok(()) } else { Err(format!("{sold} sold and {left} in stock")) }
        }),
    ]
}

/// Each holds what the other wants next.
///
/// ```text
/// A                         B
/// BEGIN                     BEGIN
/// UPDATE product 1
///                           UPDATE product 2
/// UPDATE product 2 (waits)
///                           UPDATE product 1    deadlock detected: one order ends in an error
/// ```
pub(super) struct OppositeOrder;

#[async_trait(?Send)]
impl Scenario for OppositeOrder {
    fn card(&self) -> Card {
        let about = "Each order takes a unit of two products in the order of its cart. Two carts that list them the \
                     other way round wait for each other until Postgres ends one of them with an error.";
        broken("inventory/two-skus-opposite-order", about, DEADLOCK).after("dstackai/dstack#2379")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let placed = worker.invoke("order", "");
        if order(&mut postgres, cart(&worker)).await? {
            placed.ok("sold");
        } else {
            placed.refused("sold out");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// Everybody takes the products in the order of their ids: who waits holds nothing that the other wants.
pub(super) struct Ordered;

#[async_trait(?Send)]
impl Scenario for Ordered {
    fn card(&self) -> Card {
        let about = "Each order takes a unit of two products, the one with the lower id first. Whoever waits holds \
                     nothing that somebody before them still needs, so nobody waits in a circle.";
        correct("inventory/two-skus-ordered", about).after("dstackai/dstack#2379")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let mut products = cart(&worker);
        products.sort_unstable();
        let placed = worker.invoke("order", "");
        if order(&mut postgres, products).await? {
            placed.ok("sold");
        } else {
            placed.refused("sold out");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The opposite order with a retry: the victim's locks are gone, so the other one finishes first.
pub(super) struct DeadlockRetried;

#[async_trait(?Send)]
impl Scenario for DeadlockRetried {
    fn card(&self) -> Card {
        let about = "Each order takes a unit of two products in the order of its cart, and starts over when Postgres \
                     reports a deadlock. The victim has let go of its locks, so the other order finishes first.";
        correct("inventory/deadlock-retried", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let placed = worker.invoke("order", "");
        for _ in 0..ATTEMPTS_MAX {
            match order(&mut postgres, cart(&worker)).await {
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
                answer => {
                    if answer? {
                        placed.ok("sold");
                    } else {
                        placed.refused("sold out");
                    }
                    return Ok(());
                }
            }
        }
        placed.refused("too busy");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
