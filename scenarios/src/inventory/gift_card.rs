//! Owns the gift card whose whole balance two checkouts want to use.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::operations::at_most;
use crate::rows;

const SOURCE: &str = "Azuriom/Plugin-Shop#285";

async fn prepare(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE gift_cards (id int PRIMARY KEY, balance int NOT NULL);
                 INSERT INTO gift_cards VALUES (1, 10)";
    Ok(stores.postgres().batch_execute(table).await?)
}

fn promises() -> Vec<Invariant> {
    vec![
        Invariant::new("the balance is never below zero", |view: &View<'_>| {
            match rows::sum(view, "gift_cards", "balance") {
                left if left >= 0 => Ok(()),
                left => Err(format!("the balance is {left}")),
            }
        }),
        at_most(1, "pay"),
    ]
}

/// The balance is checked in the program and taken without a condition.
///
/// ```text
/// A                       B
/// SELECT balance -> 10
///                         SELECT balance -> 10
/// UPDATE balance - 10
///                         UPDATE balance - 10    the card is at -10
/// ```
pub(super) struct Unguarded;

#[async_trait(?Send)]
impl Scenario for Unguarded {
    fn card(&self) -> Card {
        let about = "Each checkout reads the card's balance and takes 10 if there are 10. The subtraction is atomic, so \
                     no update is lost, but both checkouts pay with the same money.";
        broken("inventory/gift-card", about, CHECK_THEN_ACT).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let pay = worker.invoke("pay", 10);
        let row = postgres.query_one("SELECT balance FROM gift_cards WHERE id = 1", &[]).await?;
        if row.try_get::<_, i32>(0)? < 10 {
            pay.refused("balance too low");
            return Ok(());
        }
        postgres.execute("UPDATE gift_cards SET balance = balance - 10 WHERE id = 1", &[]).await?;
        pay.ok("paid");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The balance is checked by the `UPDATE` that takes it.
pub(super) struct Guarded;

#[async_trait(?Send)]
impl Scenario for Guarded {
    fn card(&self) -> Card {
        let about = "Each checkout takes 10 with an UPDATE that asks for a balance of 10, and looks at the row count. \
                     The second checkout matches no row and is refused.";
        correct("inventory/gift-card-guarded", about).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let pay = worker.invoke("pay", 10);
        let take = "UPDATE gift_cards SET balance = balance - 10 WHERE id = 1 AND balance >= 10";
        match postgres.execute(take, &[]).await? {
            0 => pay.refused("balance too low"),
            _ => pay.ok("paid"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
