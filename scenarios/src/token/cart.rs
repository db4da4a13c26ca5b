//! Owns the first open cart of a customer, which nobody can lock before it is there.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::card::{Details, correct};
use crate::operations::all_answered;
use crate::rows;

/// A unique index on the customers of open carts; what was lost to it is looked up.
struct PartialIndex;

#[async_trait(?Send)]
impl Scenario for PartialIndex {
    fn card(&self) -> Card {
        let about = "Each request inserts an open cart with ON CONFLICT DO NOTHING and reads the customer's open cart. A unique index \
                     over open carts stands in for the lock on a cart that does not exist yet, and closed carts are not in it.";
        correct("token/cart-partial-index", about).after("BroadleafCommerce/BroadleafCommerce#2478")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE carts (id text PRIMARY KEY, customer int NOT NULL, open int NOT NULL);
                     CREATE UNIQUE INDEX one_open_cart ON carts (customer) WHERE open = 1;
                     INSERT INTO carts VALUES ('old', 1, 0)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let add = worker.invoke("add to cart", "customer 1");
        let insert = "INSERT INTO carts VALUES ($1, 1, 1) ON CONFLICT (customer) WHERE open = 1 DO NOTHING";
        postgres.execute(insert, &[&worker.id().to_string()]).await?;
        let row = postgres.query_one("SELECT id FROM carts WHERE customer = 1 AND open = 1", &[]).await?;
        add.ok(row.try_get::<_, String>(0)?);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let one = Invariant::new("a customer has one open cart", |view: &View<'_>| {
            match rows::count(view, "carts", "open", "1") {
                0 | 1 => Ok(()),
                carts => Err(format!("there are {carts}: {}", view.state)),
            }
        });
        let same = Invariant::new("everything is put into the same cart", |view: &View<'_>| {
            let carts = view.results("add to cart");
            let is_same = carts.windows(2).all(|pair| pair[0] == pair[1]);
            if is_same { Ok(()) } else { Err(format!("it was put into {}", carts.join(", "))) }
        });
        vec![one, same, all_answered("add to cart")]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(PartialIndex)]
}
