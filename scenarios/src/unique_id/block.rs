//! Owns the ids that are taken from Postgres in blocks and given out in the process (hi/lo).

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::Client;

use super::promise::{TAKE, no_id_twice};
use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, per_model};

/// Ids in a block.
const BLOCK: i32 = 10;
/// How many ids a worker gives out.
const IDS: i32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reserved {
    /// `SELECT` where the next block begins, then `UPDATE`.
    ///
    /// ```text
    /// A                          B
    /// SELECT next -> 1
    ///                            SELECT next -> 1
    /// UPDATE next = 11           UPDATE next = 11        both give out 1 to 10
    /// ```
    SelectThenUpdate,
    /// `UPDATE … RETURNING`.
    Returning,
}

struct Block(Reserved);

const SELECT_THEN_UPDATE: &str = "Each process reads where the next block of ids begins, writes where the one behind it begins, and gives out the \
                                  block. Two that read the same begin give out the same ids.";
const RETURNING: &str = "Each process reserves a block of ids with one UPDATE that moves its begin on and returns it. The row's lock makes \
                         the second wait for the first, and who dies takes the rest of a block along.";

impl Block {
    /// Where the block that now belongs to this process begins.
    async fn reserve(&self, postgres: &Client) -> Result<i32> {
        if self.0 == Reserved::Returning {
            let reserve = "UPDATE blocks SET next = next + $1 WHERE id = 1 RETURNING next - $1";
            return Ok(postgres.query_one(reserve, &[&BLOCK]).await?.try_get(0)?);
        }
        let next: i32 = postgres.query_one("SELECT next FROM blocks WHERE id = 1", &[]).await?.try_get(0)?;
        postgres.execute("UPDATE blocks SET next = $1 WHERE id = 1", &[&(next + BLOCK)]).await?;
        Ok(next)
    }
}

#[async_trait(?Send)]
impl Scenario for Block {
    fn card(&self) -> Card {
        match self.0 {
            Reserved::SelectThenUpdate => {
                broken("unique-id/block-select-then-update", SELECT_THEN_UPDATE, LOST_UPDATE)
            }
            Reserved::Returning => per_model("unique-id/block-returning", RETURNING)
                .on(&[postgres::NAME])
                .workers(3)
                .holds_under(&["none", "crash", "lost-reply", "restart"]),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table =
            "CREATE TABLE blocks (id int PRIMARY KEY, next int NOT NULL); INSERT INTO blocks VALUES (1, 1)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let begin = self.reserve(&postgres).await?;
        for id in begin..begin + IDS {
            worker.invoke(TAKE, "").ok(id);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_id_twice()]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Block(Reserved::SelectThenUpdate)), Arc::new(Block(Reserved::Returning))]
}
