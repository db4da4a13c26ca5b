//! Owns the numbers that follow on the highest one of a table, and the sequence that needs none.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use super::promise::{TAKE, no_id_twice};
use crate::anomaly::PHANTOM;
use crate::card::{Details, correct, per_level, per_model};
use crate::operations::all_answered;

/// How often a number is tried: each of the others can take at most one before.
const TRIES_MAX: u32 = 3;
const NEXT: &str = "SELECT coalesce(max(number), 0) + 1 FROM invoices";
const INSERT: &str = "INSERT INTO invoices VALUES ($1, $2)";

/// Where the next number comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    /// The highest and one, in a transaction.
    ///
    /// ```text
    /// A                          B
    /// BEGIN                      BEGIN
    /// SELECT max + 1 -> 8
    ///                            SELECT max + 1 -> 8
    /// INSERT 8, COMMIT           INSERT 8, COMMIT        two invoices 8
    /// ```
    Highest,
    /// The same, and a unique index that refuses whoever comes second, who asks again.
    HighestRetried,
    /// A sequence.
    Sequence,
}

struct Invoice(Number);

const HIGHEST: &str = "Each invoice gets the highest number so far plus one, read and inserted in one transaction. Neither sees the row \
                       that the other is about to insert; only SERIALIZABLE refuses the second.";
const HIGHEST_RETRIED: &str = "Each invoice gets the highest number so far plus one, and whoever is refused by the unique index asks for \
                               the next. The numbers are unique and without gaps, at the price of trying again.";
const SEQUENCE: &str = "Each invoice takes its number from a sequence. A sequence gives each number once, whoever rolls back or crashes, \
                        so there may be gaps.";

async fn next(postgres: &impl GenericClient) -> Result<i32> {
    Ok(postgres.query_one(NEXT, &[]).await?.try_get(0)?)
}

impl Invoice {
    async fn number(&self, postgres: &mut Client, id: &str) -> Result<i32> {
        match self.0 {
            Number::Highest => {
                let transaction = postgres.transaction().await?;
                let number = next(&transaction).await?;
                transaction.execute(INSERT, &[&id, &number]).await?;
                transaction.commit().await?;
                Ok(number)
            }
            Number::HighestRetried => retried(postgres, id).await,
            Number::Sequence => {
                let insert = "INSERT INTO invoices VALUES ($1, nextval('numbers')) RETURNING number";
                Ok(postgres.query_one(insert, &[&id]).await?.try_get(0)?)
            }
        }
    }
}

async fn retried(postgres: &Client, id: &str) -> Result<i32> {
    for _ in 0..TRIES_MAX {
        let number = next(postgres).await?;
        match postgres.execute(INSERT, &[&id, &number]).await {
            Ok(_) => return Ok(number),
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err("others were faster all the time".into())
}

#[async_trait(?Send)]
impl Scenario for Invoice {
    fn card(&self) -> Card {
        match self.0 {
            Number::Highest => {
                per_level("unique-id/highest-plus-one", HIGHEST, [Some(PHANTOM), Some(PHANTOM), None])
            }
            Number::HighestRetried => correct("unique-id/highest-retried", HIGHEST_RETRIED).workers(3),
            Number::Sequence => per_model("unique-id/sequence", SEQUENCE)
                .on(&[postgres::NAME])
                .workers(3)
                .holds_under(&["none", "crash", "lost-reply", "restart"]),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let constraint = if self.0 == Number::HighestRetried { "UNIQUE" } else { "" };
        let table = format!(
            "CREATE TABLE invoices (id text PRIMARY KEY, number int NOT NULL {constraint});
             CREATE SEQUENCE numbers START 8;
             INSERT INTO invoices VALUES ('old', 7)"
        );
        Ok(stores.postgres().batch_execute(&table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let take = worker.invoke(TAKE, "");
        let number = self.number(&mut postgres, &worker.id().to_string()).await?;
        take.ok(number);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let mut promises = vec![no_id_twice()];
        if self.0 == Number::HighestRetried {
            promises.push(all_answered(TAKE));
        }
        promises
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Number::Highest, Number::HighestRetried, Number::Sequence];
    every.into_iter().map(|number| Arc::new(Invoice(number)) as Arc<dyn Scenario>).collect()
}
