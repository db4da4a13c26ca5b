//! Owns the relay that takes events from the outbox to the broker, and whether it does so once.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;

use super::events::{EVENTS, OUTBOX, listed};
use crate::anomaly::{DUPLICATE_EFFECT, LOST_MESSAGE};
use crate::card::{Details, per_model};

const EVENT: &str = "order 1";
const UNSENT: &str = "SELECT id, event FROM outbox WHERE NOT is_sent ORDER BY id LIMIT 1";
const MARK: &str = "UPDATE outbox SET is_sent = true WHERE id = $1";

/// How two relays share the work, and what a crash makes of it.
enum Relay {
    /// ```text
    /// A                                B
    /// SELECT unsent -> 1
    ///                                  SELECT unsent -> 1
    /// RPUSH events 1                   RPUSH events 1        published twice, and nothing broke
    /// UPDATE is_sent                   UPDATE is_sent
    /// ```
    WithoutClaim,
    /// The row is locked from reading it to marking it; another relay skips it.
    Claims,
    /// ```text
    /// A
    /// UPDATE is_sent … RETURNING -> 1
    /// (crash)                               sent, says the table; nobody sends it
    /// RPUSH events 1
    /// ```
    MarksFirst,
}

async fn publish(redis: &mut MultiplexedConnection, event: &str) -> Result {
    let _: i64 = redis.rpush(EVENTS, event).await?;
    Ok(())
}

async fn mark_and_publish(postgres: &Client, redis: &mut MultiplexedConnection) -> Result<bool> {
    let mark = "UPDATE outbox SET is_sent = true WHERE id = (SELECT id FROM outbox WHERE NOT is_sent ORDER BY id \
                LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING event";
    let Some(row) = postgres.query_opt(mark, &[]).await? else { return Ok(false) };
    publish(redis, row.try_get(0)?).await.map(|()| true)
}

async fn publish_under_claim(postgres: &mut Client, redis: &mut MultiplexedConnection) -> Result<bool> {
    let transaction = postgres.transaction().await?;
    let claimed = transaction.query_opt(&format!("{UNSENT} FOR UPDATE SKIP LOCKED"), &[]).await?;
    if let Some(row) = &claimed {
        publish(redis, row.try_get(1)?).await?;
        transaction.execute(MARK, &[&row.try_get::<_, i32>(0)?]).await?;
    }
    transaction.commit().await?;
    Ok(claimed.is_some())
}

async fn publish_and_mark(postgres: &Client, redis: &mut MultiplexedConnection) -> Result<bool> {
    let Some(row) = postgres.query_opt(UNSENT, &[]).await? else { return Ok(false) };
    publish(redis, row.try_get(1)?).await?;
    postgres.execute(MARK, &[&row.try_get::<_, i32>(0)?]).await?;
    Ok(true)
}

impl Relay {
    /// Publishes the next event; whether there was one.
    async fn publish_next(&self, worker: &Worker) -> Result<bool> {
        let (mut postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        match self {
            Self::WithoutClaim => publish_and_mark(&postgres, &mut redis).await,
            Self::Claims => publish_under_claim(&mut postgres, &mut redis).await,
            Self::MarksFirst => mark_and_publish(&postgres, &mut redis).await,
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Relay {
    fn card(&self) -> Card {
        let card = match self {
            Self::WithoutClaim => {
                let about = "Each of two relays reads the unsent events, publishes them and marks them as sent. Both read the same \
                             events and publish them, though nothing has broken.";
                per_model("outbox/relay-without-claim", about)
                    .breaks_under(&["none"], DUPLICATE_EFFECT)
                    .after("xavierjohn/Trellis#644")
            }
            Self::Claims => {
                let about = "Each of two relays locks an unsent event with FOR UPDATE SKIP LOCKED, publishes it and marks it as sent \
                             in the same transaction. As long as no relay dies between the two, each event is published once.";
                per_model("outbox/relay-claims", about)
                    .holds_under(&["none", "pause"])
                    .breaks_under(&["crash"], DUPLICATE_EFFECT)
                    .after("xavierjohn/Trellis#644")
            }
            Self::MarksFirst => {
                let about = "Each of two relays marks an event as sent and then publishes it. If it dies in between, the event is \
                             marked as sent and was not.";
                per_model("outbox/relay-marks-first", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash", "lost-reply"], LOST_MESSAGE)
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        stores.postgres().batch_execute(OUTBOX).await?;
        stores.postgres().execute("INSERT INTO outbox (event) VALUES ($1)", &[&EVENT]).await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        self.publish_next(&worker).await?;
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// A relay that starts anew.
    async fn aftermath(&self, worker: Worker) -> Result {
        while self.publish_next(&worker).await? {}
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end every event was published, once", |view: &View<'_>| {
            match listed(view, EVENT) {
                1 => Ok(()),
                times => Err(format!("{EVENT} was published {times} times: {}", view.state)),
            }
        })]
    }
}

/// All three.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Relay::WithoutClaim), Arc::new(Relay::Claims), Arc::new(Relay::MarksFirst)]
}
