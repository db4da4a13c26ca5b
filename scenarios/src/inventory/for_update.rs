//! Owns the sales that lock the row they read: in a transaction, outside of one, and where there is no row yet.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::GenericClient;

use super::promise;
use crate::anomaly::{LOST_UPDATE, PHANTOM};
use crate::card::{Details, broken, correct};

/// Locks the product, and writes back one unit less than it read if there was one.
async fn sell(postgres: &impl GenericClient) -> std::result::Result<bool, tokio_postgres::Error> {
    let row = postgres.query_one("SELECT stock FROM items WHERE id = 1 FOR UPDATE", &[]).await?;
    let stock: i32 = row.try_get(0)?;
    if stock > 0 {
        postgres.execute("UPDATE items SET stock = $1 WHERE id = 1", &[&(stock - 1)]).await?;
    }
    Ok(stock > 0)
}

/// The lock lasts until the transaction commits: the others wait before they read.
///
/// ```text
/// A                          B                            C
/// BEGIN                      BEGIN                        BEGIN
/// SELECT … FOR UPDATE -> 1
///                            SELECT … FOR UPDATE (waits)  SELECT … FOR UPDATE (waits)
/// UPDATE stock 0
/// COMMIT                     SELECT … -> 0
///                            COMMIT                       SELECT … -> 0, COMMIT
/// ```
pub(super) struct InTransaction;

#[async_trait(?Send)]
impl Scenario for InTransaction {
    fn card(&self) -> Card {
        let about = "Each of three buyers locks the product's row with SELECT … FOR UPDATE in a transaction and writes \
                     the new stock. The lock is held until the commit, so the next one reads what was written.";
        correct("inventory/for-update", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        let transaction = postgres.transaction().await?;
        let is_sold = sell(&transaction).await?;
        transaction.commit().await?;
        if is_sold {
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

/// Without a transaction the lock is gone when the statement ends.
///
/// ```text
/// A                          B
/// SELECT … FOR UPDATE -> 1
///                            SELECT … FOR UPDATE -> 1    does not wait
/// UPDATE stock 0
///                            UPDATE stock 0              two sold
/// ```
pub(super) struct Autocommit;

#[async_trait(?Send)]
impl Scenario for Autocommit {
    fn card(&self) -> Card {
        let about = "Each buyer locks the product's row with SELECT … FOR UPDATE, but no transaction is open. The lock \
                     ends with the statement, so two buyers read the same stock.";
        broken("inventory/for-update-autocommit", about, LOST_UPDATE).after("spree/spree#10697")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        if sell(&postgres).await? {
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

/// A customer's first request has no cart to lock, so two first requests lock nothing and make a cart each.
///
/// ```text
/// A                                 B
/// BEGIN                             BEGIN
/// SELECT cart FOR UPDATE: 0 rows
///                                   SELECT cart FOR UPDATE: 0 rows
/// INSERT cart, COMMIT
///                                   INSERT cart, COMMIT     two carts
/// ```
pub(super) struct MissingRow;

#[async_trait(?Send)]
impl Scenario for MissingRow {
    fn card(&self) -> Card {
        let about = "Each request locks the customer's open cart with SELECT … FOR UPDATE and makes one if there is \
                     none. A row that does not exist cannot be locked, so two first requests make two carts.";
        let card = broken("inventory/for-update-missing-row", about, PHANTOM);
        card.after("BroadleafCommerce/BroadleafCommerce#2478")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE carts (id text PRIMARY KEY, customer int NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let add = worker.invoke("add-to-cart", "customer 1");
        let transaction = postgres.transaction().await?;
        let cart = transaction.query_opt("SELECT id FROM carts WHERE customer = 1 FOR UPDATE", &[]).await?;
        let cart = match cart {
            Some(row) => row.try_get(0)?,
            None => {
                let new = format!("cart of {}", worker.id());
                transaction.execute("INSERT INTO carts VALUES ($1, 1)", &[&new]).await?;
                new
            }
        };
        transaction.commit().await?;
        add.ok(cart);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a customer has one open cart", |view: &View<'_>| {
            match view.state.rows("carts").count() {
                0 | 1 => Ok(()),
                carts => Err(format!("customer 1 has {carts} carts: {}", view.state)),
            }
        })]
    }
}
