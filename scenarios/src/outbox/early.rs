//! Owns the message that a consumer hears of before its row can be seen, after `Zehelein/pg-transactional-outbox#4`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;

use crate::anomaly::LOST_MESSAGE;
use crate::card::{Details, broken, correct};
use crate::rows;

const SOURCE: &str = "Zehelein/pg-transactional-outbox#4";
/// Where the consumer hears of messages; stands for the log of the database, in which a commit is before others see it.
const HEARD: &str = "heard";
/// How long the consumer waits that hears nothing, or does not find what it has heard of.
const POLL: Duration = Duration::from_millis(50);
const POLLS_MAX: u32 = 2;
const HANDLE: &str = "UPDATE outbox SET is_handled = true WHERE id = (SELECT id FROM outbox WHERE id = $1 \
                      AND NOT is_handled FOR UPDATE SKIP LOCKED)";

/// What a message is whose row is not found.
enum Missing {
    /// One that somebody else has handled.
    ///
    /// ```text
    /// A                          B
    /// BEGIN, INSERT outbox 1
    /// RPUSH heard 1
    ///                            LPOP heard -> 1
    ///                            UPDATE outbox 1 -> no row: handled already, it seems
    /// COMMIT                                            nobody will ever handle it
    /// ```
    Handled,
    /// One that is not to be seen yet: it is tried again, and what is left over is looked for.
    NotYetVisible,
}

async fn place(worker: &Worker) -> Result {
    let (mut postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
    let transaction = postgres.transaction().await?;
    transaction.execute("INSERT INTO outbox VALUES (1, false)", &[]).await?;
    let _: i64 = redis.rpush(HEARD, 1).await?;
    Ok(transaction.commit().await?)
}

impl Missing {
    /// Hears of a message and handles it; whether it has heard of one.
    async fn hear(&self, postgres: &Client, redis: &mut MultiplexedConnection) -> Result<bool> {
        let Some(id) = redis.lpop::<_, Option<i32>>(HEARD, None).await? else { return Ok(false) };
        let is_found = postgres.execute(HANDLE, &[&id]).await? == 1;
        if !is_found && matches!(self, Self::NotYetVisible) {
            let _: i64 = redis.rpush(HEARD, id).await?;
        }
        Ok(is_found || matches!(self, Self::Handled))
    }
}

#[async_trait(?Send)]
impl Scenario for Missing {
    fn card(&self) -> Card {
        let card = match self {
            Self::Handled => {
                let about = "A consumer hears of a message, locks its row and handles it, and takes a message without a row for one that \
                             was handled before. It may hear of the message before the commit can be seen, and then nobody handles \
                             it.";
                broken("outbox/heard-before-visible", about, LOST_MESSAGE)
            }
            Self::NotYetVisible => {
                let about = "A consumer hears of a message, locks its row and handles it, and tries again if there is no row yet. What is \
                             committed is to be seen some time, and is handled then.";
                correct("outbox/retried-until-visible", about)
            }
        };
        card.on_both().after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE outbox (id int PRIMARY KEY, is_handled boolean NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 0 {
            return place(&worker).await;
        }
        let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        for _ in 0..POLLS_MAX {
            if self.hear(&postgres, &mut redis).await? {
                break;
            }
            worker.sleep(POLL).await;
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The consumer goes on.
    async fn aftermath(&self, worker: Worker) -> Result {
        let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        while self.hear(&postgres, &mut redis).await? {}
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end every message that was committed is handled", |view: &View<'_>| {
            match rows::count(view, "outbox", "is_handled", "f") {
                0 => Ok(()),
                _ => Err(format!("one never was: {}", view.state)),
            }
        })]
    }
}

/// Both consumers.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Missing::Handled), Arc::new(Missing::NotYetVisible)]
}
