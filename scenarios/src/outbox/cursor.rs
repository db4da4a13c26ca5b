//! Owns the relay that remembers up to where it has read.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;

use super::events::{EVENTS, OUTBOX, listed, order_of};
use crate::anomaly::LOST_MESSAGE;
use crate::card::{Details, broken, correct};

/// What the relay has not read yet. Ids are given before the commit, so they do not come in order.
///
/// ```text
/// A                          B                        relay
/// BEGIN, INSERT -> id 1
///                            INSERT -> id 2
///                                                     SELECT id > 0 -> 2; cursor 2
/// COMMIT
///                                                     SELECT id > 2 -> nothing     1 is passed by
/// ```
enum Unread {
    /// What comes after the last id.
    AfterCursor,
    /// What is not marked as sent.
    Unmarked,
}

impl Unread {
    async fn relay(&self, postgres: &Client, redis: &mut MultiplexedConnection) -> Result {
        let unread = match self {
            Self::AfterCursor => {
                "SELECT id, event FROM outbox WHERE id > (SELECT id FROM cursors) ORDER BY id"
            }
            Self::Unmarked => "SELECT id, event FROM outbox WHERE NOT is_sent ORDER BY id",
        };
        let read = match self {
            Self::AfterCursor => "UPDATE cursors SET id = $1",
            Self::Unmarked => "UPDATE outbox SET is_sent = true WHERE id = $1",
        };
        for row in postgres.query(unread, &[]).await? {
            let (id, event): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
            let _: i64 = redis.rpush(EVENTS, &event).await?;
            postgres.execute(read, &[&id]).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Unread {
    fn card(&self) -> Card {
        let card = match self {
            Self::AfterCursor => {
                let about = "The relay reads the events whose id is greater than the last one that it has published. Ids are given \
                             before the commit, so an event that is committed late has an id that the relay has passed.";
                broken("outbox/relay-by-cursor", about, LOST_MESSAGE)
            }
            Self::Unmarked => {
                let about = "The relay reads the events that are not marked as sent, publishes and marks them. An event that is \
                             committed late is not marked, whatever its id.";
                correct("outbox/relay-by-mark", about)
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        stores.postgres().batch_execute(OUTBOX).await?;
        let cursor = "CREATE TABLE cursors (id int NOT NULL); INSERT INTO cursors VALUES (0)";
        Ok(stores.postgres().batch_execute(cursor).await?)
    }

    /// Worker A orders in a transaction that does something else, too; worker B orders in one statement, and then is the
    /// relay.
    async fn work(&self, worker: Worker) -> Result {
        let (mut postgres, order) = (worker.postgres().await?, order_of(&worker));
        let insert = "INSERT INTO outbox (event) VALUES ($1)";
        let place = worker.invoke("place", &order);
        if worker.index() == 0 {
            let transaction = postgres.transaction().await?;
            transaction.execute(insert, &[&order]).await?;
            transaction.commit().await?;
            place.ok("placed");
            return Ok(());
        }
        postgres.execute(insert, &[&order]).await?;
        place.ok("placed");
        self.relay(&postgres, &mut worker.redis().await?).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The relay's next round.
    async fn aftermath(&self, worker: Worker) -> Result {
        self.relay(&worker.postgres().await?, &mut worker.redis().await?).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end every order that was placed is announced", |view: &View<'_>| {
            let lost = view.done("place").find(|place| listed(view, &place.argument) == 0);
            lost.map_or(Ok(()), |place| Err(format!("{} never was: {}", place.argument, view.state)))
        })]
    }
}

/// Both relays.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Unread::AfterCursor), Arc::new(Unread::Unmarked)]
}
