//! Owns [`Stock`]: check, then decrement, with and without a lock on the row.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::statements::card;

#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) workers: usize,
    /// Whether the row is locked in a transaction when it is read.
    pub(crate) locks: bool,
}

impl Stock {
    pub(crate) fn told(&self) -> String {
        let how = if self.locks { "SELECT FOR UPDATE, then decrement" } else { "check then decrement" };
        format!("{how}, {} workers", self.workers)
    }
}

#[async_trait(?Send)]
impl Scenario for Stock {
    fn card(&self) -> Card {
        card("bench/stock", self.workers)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE stock (id int PRIMARY KEY, n int); INSERT INTO stock VALUES (1, 1)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut client = worker.postgres().await?;
        let sale = worker.invoke("sell", "");
        let sold = if self.locks {
            let transaction = client.transaction().await?;
            let row = transaction.query_one("SELECT n FROM stock WHERE id = 1 FOR UPDATE", &[]).await?;
            let sold = row.get::<_, i32>(0) > 0;
            if sold {
                transaction.execute("UPDATE stock SET n = n - 1 WHERE id = 1", &[]).await?;
            }
            transaction.commit().await?;
            sold
        } else {
            let row = client.query_one("SELECT n FROM stock WHERE id = 1", &[]).await?;
            let sold = row.get::<_, i32>(0) > 0;
            if sold {
                client.execute("UPDATE stock SET n = n - 1 WHERE id = 1", &[]).await?;
            }
            sold
        };
        if sold {
            sale.ok("sold");
        } else {
            sale.refused("sold out");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no oversell", |view: &View<'_>| match view.count("sell") {
            0 | 1 => Ok(()),
            sold => Err(format!("{sold} of 1 were sold")),
        })]
    }
}
