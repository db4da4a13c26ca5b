//! Owns the invoice with a number of its own and a file under that number, after
//! `Pinelab-studio/pinelab-vendure-plugins#433`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::rows;

const SOURCE: &str = "Pinelab-studio/pinelab-vendure-plugins#433";
/// How often somebody else may take the number first.
const TRIES_MAX: u32 = 3;
const NEXT: &str = "SELECT coalesce(max(number), 0) + 1 FROM invoices";
const INSERT: &str = "INSERT INTO invoices VALUES ($1, $2)";
const INSERT_NEXT: &str =
    "INSERT INTO invoices SELECT coalesce(max(number), 0) + 1, $1 FROM invoices RETURNING number";

/// What is written first under the number. Redis stands for the storage.
enum Invoice {
    /// The file.
    ///
    /// ```text
    /// A (order of A)              B (order of B)
    /// SELECT max + 1 -> 1         SELECT max + 1 -> 1
    /// PUT file 1: A
    /// INSERT invoice 1: A
    ///                             PUT file 1: B
    ///                             INSERT invoice 1: duplicate key; takes number 2
    ///                                                          invoice 1 is A's, file 1 is B's
    /// ```
    FileFirst,
    /// The row, which reserves the number.
    RowFirst,
}

/// Whether the number was free.
fn is_free<T>(inserted: &std::result::Result<T, tokio_postgres::Error>) -> bool {
    !matches!(inserted, Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
}

async fn put(redis: &mut MultiplexedConnection, number: i32, order: &str) -> Result {
    Ok(redis.set(format!("file:{number}"), order).await?)
}

impl Invoice {
    async fn issue(&self, postgres: &Client, redis: &mut MultiplexedConnection, order: &str) -> Result<i32> {
        for _ in 0..TRIES_MAX {
            if matches!(self, Self::RowFirst) {
                let inserted = postgres.query_one(INSERT_NEXT, &[&order]).await;
                if is_free(&inserted) {
                    let number: i32 = inserted?.try_get(0)?;
                    put(redis, number, order).await?;
                    return Ok(number);
                }
            } else {
                let number: i32 = postgres.query_one(NEXT, &[]).await?.try_get(0)?;
                put(redis, number, order).await?;
                let inserted = postgres.execute(INSERT, &[&number, &order]).await;
                if is_free(&inserted) {
                    inserted?;
                    return Ok(number);
                }
            }
        }
        Err("too many invoices at once".into())
    }
}

#[async_trait(?Send)]
impl Scenario for Invoice {
    fn card(&self) -> Card {
        let card = match self {
            Self::FileFirst => {
                let about = "Each job computes the next number, stores the invoice's file under it, and inserts the row; on a duplicate \
                             number it starts over. The loser has overwritten the winner's file by then, and only the database was \
                             protected.";
                broken("saga/invoice-file-first", about, CHECK_THEN_ACT)
            }
            Self::RowFirst => {
                let about = "Each job inserts the row with the next number and then stores the invoice's file under it; on a duplicate \
                             number it starts over. Only who has the number writes its file.";
                correct("saga/invoice-row-first", about)
            }
        };
        card.on_both().after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE invoices (number int PRIMARY KEY, order_id text NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        let order = format!("order of {}", worker.id());
        let invoice = worker.invoke("invoice", &order);
        let number = self.issue(&postgres, &mut redis, &order).await?;
        invoice.ok(number);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("the file under a number is that of the number's order", |view: &View<'_>| {
            let file = |number: &str| view.state.text(&format!("file:{number}"));
            let wrong = view
                .state
                .rows("invoices")
                .find(|row| file(rows::text(row, "number")) != Some(rows::text(row, "order_id")));
            wrong.map_or(Ok(()), |row| {
                Err(format!("that under {} is not: {}", rows::text(row, "number"), view.state))
            })
        })]
    }
}

/// Both orders of the two.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Invoice::FileFirst), Arc::new(Invoice::RowFirst)]
}
