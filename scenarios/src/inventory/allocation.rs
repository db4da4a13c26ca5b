//! Owns the checkouts that do not touch the stock but count what is allocated of it.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::GenericClient;

use crate::anomaly::{CHECK_THEN_ACT, LOST_UPDATE};
use crate::card::{Details, broken, per_level};
use crate::operations::{at_most, done};
use crate::rows;

/// `quantity` units of one product, none allocated, and no orders.
async fn prepare(stores: &mut SetUp, quantity: i32) -> Result {
    let tables = "CREATE TABLE stock (id int PRIMARY KEY, quantity int NOT NULL, allocated int NOT NULL);
                  CREATE TABLE orders (customer text PRIMARY KEY)";
    stores.postgres().batch_execute(tables).await?;
    stores.postgres().execute("INSERT INTO stock VALUES (1, $1, 0)", &[&quantity]).await?;
    Ok(())
}

/// Whether there is a unit that nobody has allocated.
async fn is_available(postgres: &impl GenericClient) -> Result<bool> {
    let row = postgres.query_one("SELECT quantity - allocated FROM stock WHERE id = 1", &[]).await?;
    Ok(row.try_get::<_, i32>(0)? > 0)
}

fn every_order_is_allocated() -> Invariant {
    Invariant::new("as many units are allocated as orders were placed", |view: &View<'_>| {
        match (done(view, "checkout"), rows::sum(view, "stock", "allocated")) {
            (orders, allocated) if orders == allocated => Ok(()),
            (orders, allocated) => Err(format!("{allocated} are allocated for {orders} orders")),
        }
    })
}

/// The number of allocated units is read into the program and written back.
///
/// ```text
/// A                          B
/// BEGIN                      BEGIN
/// SELECT allocated -> 0
///                            SELECT allocated -> 0
/// UPDATE allocated 1
/// COMMIT                     UPDATE allocated 1 (waited for A)
///                            COMMIT                    two orders, one allocated
/// ```
pub(super) struct AbsoluteValue;

#[async_trait(?Send)]
impl Scenario for AbsoluteValue {
    fn card(&self) -> Card {
        let about = "Each checkout reads the number of allocated units in a transaction and writes it back plus one. At \
                     READ COMMITTED the second writes over the first; a snapshot refuses that with an error.";
        let card = per_level("inventory/allocate-lost-update", about, [Some(LOST_UPDATE), None, None]);
        card.after("django-oscar/django-oscar#2102")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores, 10).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let checkout = worker.invoke("checkout", "");
        let transaction = postgres.transaction().await?;
        let row = transaction.query_one("SELECT allocated FROM stock WHERE id = 1", &[]).await?;
        let allocated: i32 = row.try_get(0)?;
        transaction.execute("UPDATE stock SET allocated = $1 WHERE id = 1", &[&(allocated + 1)]).await?;
        transaction.commit().await?;
        checkout.ok("ordered");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![every_order_is_allocated()]
    }
}

/// Availability is checked, and the allocation then counted up without a condition.
///
/// ```text
/// A                                B
/// SELECT quantity - allocated -> 1
///                                  SELECT quantity - allocated -> 1
/// UPDATE allocated + 1, INSERT     UPDATE allocated + 1, INSERT        2 allocated of 1
/// ```
pub(super) struct CheckThenAllocate;

#[async_trait(?Send)]
impl Scenario for CheckThenAllocate {
    fn card(&self) -> Card {
        let about = "Each checkout reads how many units are free, counts the allocation up and inserts an order. Nothing \
                     keeps another checkout from doing the same between the check and the count.";
        broken("inventory/saleor-checkout", about, CHECK_THEN_ACT).after("saleor/saleor#543")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let customer = worker.id().to_string();
        let checkout = worker.invoke("checkout", "");
        if !is_available(&postgres).await? {
            checkout.refused("sold out");
            return Ok(());
        }
        postgres.execute("UPDATE stock SET allocated = allocated + 1 WHERE id = 1", &[]).await?;
        postgres.execute("INSERT INTO orders VALUES ($1)", &[&customer]).await?;
        checkout.ok("ordered");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "checkout"), every_order_is_allocated()]
    }
}

/// The check is in one transaction and the allocation in another: a transaction around each half joins nothing.
///
/// ```text
/// A                                        B
/// BEGIN, SELECT free -> 1, COMMIT
///                                          BEGIN, SELECT free -> 1, COMMIT
/// BEGIN, SELECT allocated -> 0, UPDATE 1
/// COMMIT                                   BEGIN, SELECT allocated -> 1, UPDATE 2, COMMIT
/// ```
pub(super) struct TwoTransactions;

#[async_trait(?Send)]
impl Scenario for TwoTransactions {
    fn card(&self) -> Card {
        let about = "Each checkout checks in one transaction that a unit is free and allocates it in a second one, by \
                     reading and writing the number. Both halves are transactions, and nothing holds between them.";
        broken("inventory/vendure-two-transactions", about, CHECK_THEN_ACT).after("vendurehq/vendure#4930")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let checkout = worker.invoke("checkout", "");
        let check = postgres.transaction().await?;
        let is_available = is_available(&check).await?;
        check.commit().await?;
        if !is_available {
            checkout.refused("sold out");
            return Ok(());
        }
        let settle = postgres.transaction().await?;
        let row = settle.query_one("SELECT allocated FROM stock WHERE id = 1", &[]).await?;
        let allocated: i32 = row.try_get(0)?;
        settle.execute("UPDATE stock SET allocated = $1 WHERE id = 1", &[&(allocated + 1)]).await?;
        settle.commit().await?;
        checkout.ok("ordered");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "checkout"), every_order_is_allocated()]
    }
}
