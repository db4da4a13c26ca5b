//! Owns the counter in a Postgres row: added to in the program, or by the statement.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::LOST_UPDATE;
use crate::card::{Details, broken, correct};
use crate::operations::done;
use crate::rows;

async fn prepare(stores: &mut SetUp) -> Result {
    let table =
        "CREATE TABLE counters (id int PRIMARY KEY, value int NOT NULL); INSERT INTO counters VALUES (1, 0)";
    Ok(stores.postgres().batch_execute(table).await?)
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new(
        "the counter equals the number of acknowledged increments",
        |view: &View<'_>| match (rows::sum(view, "counters", "value"), done(view, "increment")) {
            (value, done) if value == done => Ok(()),
            (value, done) => Err(format!("the counter is {value} after {done} acknowledged increments")),
        },
    )]
}

/// `SELECT`, add, `UPDATE` in a transaction: whoever commits last wins.
///
/// ```text
/// A                    B
/// BEGIN                BEGIN
/// SELECT value -> 0
///                      SELECT value -> 0
/// UPDATE value = 1
/// COMMIT               UPDATE value = 1 (waited for A), COMMIT
/// ```
pub(super) struct ReadModifyWrite;

#[async_trait(?Send)]
impl Scenario for ReadModifyWrite {
    fn card(&self) -> Card {
        let about = "Each worker reads the counter in a transaction, adds one and writes it back. At READ COMMITTED the second \
                     UPDATE waits for the first and then writes over it.";
        broken("counter/pg-read-modify-write", about, LOST_UPDATE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let increment = worker.invoke("increment", "");
        let transaction = postgres.transaction().await?;
        let row = transaction.query_one("SELECT value FROM counters WHERE id = 1", &[]).await?;
        let value = row.try_get::<_, i32>(0)? + 1;
        transaction.execute("UPDATE counters SET value = $1 WHERE id = 1", &[&value]).await?;
        transaction.commit().await?;
        increment.ok(value);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The statement adds: whoever waited adds to what is there then.
pub(super) struct Increment;

#[async_trait(?Send)]
impl Scenario for Increment {
    fn card(&self) -> Card {
        let about = "Each worker adds one with UPDATE … SET value = value + 1. Postgres locks the row and adds to its newest \
                     value, so there is nothing to come between.";
        correct("counter/pg-increment", about).workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        for _ in 0..2 {
            let increment = worker.invoke("increment", "");
            let add = "UPDATE counters SET value = value + 1 WHERE id = 1 RETURNING value";
            let value: i32 = postgres.query_one(add, &[]).await?.try_get(0)?;
            increment.ok(value);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
