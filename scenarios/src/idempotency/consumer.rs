//! Owns the consumers of an event that is delivered more than once.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::{Client, GenericClient};

use crate::anomaly::{CHECK_THEN_ACT, LOST_EFFECT};
use crate::card::{Details, broken, per_model};
use crate::rows;

const EVENT: &str = "event 1";
/// What the event adds to the balance.
const AMOUNT: i64 = 10;
/// How often the broker delivers the event to one consumer that does not acknowledge it.
const DELIVERIES_MAX: u32 = 2;
const MARK: &str = "INSERT INTO handled VALUES ($1) ON CONFLICT DO NOTHING";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Handled {
    /// Look whether it was handled, do it, mark it.
    ///
    /// ```text
    /// A                        B (the same event)
    /// SELECT handled: 0 rows
    ///                          SELECT handled: 0 rows
    /// UPDATE balance + 10
    ///                          UPDATE balance + 10      20 for one event
    /// ```
    CheckThenApply,
    /// Mark it, and do it if nobody had marked it.
    ///
    /// ```text
    /// A                        B (the same event, again)
    /// INSERT handled -> 1
    /// (crashes)
    ///                          INSERT handled -> 0: seen    nothing for one event
    /// ```
    MarkThenApply,
    /// The mark and what it stands for in one transaction.
    OneTransaction,
}

struct Consumer(Handled);

const CHECK_THEN_APPLY: &str = "Each consumer looks whether an event is marked as handled, adds its amount, and marks it. Of an event \
                                that is delivered twice at once both find no mark, and it counts twice.";
const MARK_THEN_APPLY: &str = "Each consumer marks an event as handled and then adds its amount, so that it never counts twice. If it \
                               dies in between, the next delivery finds the mark, and the event never counts.";
const ONE_TRANSACTION: &str = "Each consumer marks an event as handled and adds its amount in one transaction, and acknowledges what is \
                               marked already. Mark and amount are there together or not at all, however often it is delivered.";

async fn add(postgres: &impl GenericClient) -> Result {
    postgres.execute("UPDATE accounts SET balance = balance + 10 WHERE id = 1", &[]).await?;
    Ok(())
}

impl Consumer {
    /// Handles one delivery; what was done.
    async fn handle(&self, postgres: &mut Client) -> Result<&'static str> {
        match self.0 {
            Handled::CheckThenApply => {
                let look = "SELECT event FROM handled WHERE event = $1";
                if postgres.query_opt(look, &[&EVENT]).await?.is_some() {
                    return Ok("seen");
                }
                add(postgres).await?;
                postgres.execute(MARK, &[&EVENT]).await?;
            }
            Handled::MarkThenApply => {
                if postgres.execute(MARK, &[&EVENT]).await? == 0 {
                    return Ok("seen");
                }
                add(postgres).await?;
            }
            Handled::OneTransaction => {
                let transaction = postgres.transaction().await?;
                if transaction.execute(MARK, &[&EVENT]).await? == 0 {
                    transaction.rollback().await?;
                    return Ok("seen");
                }
                add(&transaction).await?;
                transaction.commit().await?;
            }
        }
        Ok("added")
    }

    /// The broker delivers the event until it is acknowledged.
    async fn deliver(&self, worker: &Worker) {
        for _ in 0..DELIVERIES_MAX {
            let consume = worker.invoke("consume", EVENT);
            let handled = match worker.postgres().await {
                Ok(mut postgres) => self.handle(&mut postgres).await,
                Err(error) => Err(error),
            };
            match handled {
                Ok("seen") => return consume.refused("seen"),
                Ok(done) => return consume.ok(done),
                Err(error) => consume.unknown(error),
            }
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Consumer {
    fn card(&self) -> Card {
        match self.0 {
            Handled::CheckThenApply => {
                broken("idempotency/consumer-check-then-apply", CHECK_THEN_APPLY, CHECK_THEN_ACT)
            }
            Handled::MarkThenApply => per_model("idempotency/consumer-mark-then-apply", MARK_THEN_APPLY)
                .on(&[postgres::NAME])
                .holds_under(&["none"])
                .breaks_under(&["crash", "lost-reply"], LOST_EFFECT),
            Handled::OneTransaction => per_model("idempotency/consumer-one-transaction", ONE_TRANSACTION)
                .on(&[postgres::NAME])
                .holds_under(&["none", "crash", "lost-reply"]),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
                      CREATE TABLE handled (event text PRIMARY KEY);
                      INSERT INTO accounts VALUES (1, 0)";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        self.deliver(&worker).await;
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        self.0 != Handled::CheckThenApply
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.deliver(&worker).await;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("an event counts once, however often it is delivered", |view: &View<'_>| {
            match rows::sum(view, "accounts", "balance") {
                AMOUNT => Ok(()),
                balance => Err(format!("the balance is {balance} after one event of {AMOUNT}")),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Handled::CheckThenApply, Handled::MarkThenApply, Handled::OneTransaction];
    every.into_iter().map(|handled| Arc::new(Consumer(handled)) as Arc<dyn Scenario>).collect()
}
