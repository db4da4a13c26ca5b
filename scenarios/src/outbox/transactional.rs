//! Owns the outbox as it is recommended: the event is written with the order, published at least once, and handled once.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;

use super::events::{EVENTS, ORDERS, OUTBOX};
use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};
use crate::rows;

const ORDER: &str = "order of A";

/// What the consumer does with an event that comes again.
enum Consumer {
    /// It ships again.
    ///
    /// ```text
    /// B (relay)                            consumer
    /// SELECT unsent -> 1
    /// RPUSH events 1
    /// (crash)
    ///             another relay publishes 1 again
    ///                                      INSERT shipment 1, INSERT shipment 1
    /// ```
    Trusting,
    /// It knows the event by its id, and ignores it.
    Idempotent,
}

/// Order and event in one statement, so in one transaction.
async fn place(worker: &Worker) -> Result {
    let postgres = worker.postgres().await?;
    let place = worker.invoke("place", ORDER);
    let insert = "WITH placed AS (INSERT INTO orders VALUES ($1) RETURNING id) \
                  INSERT INTO outbox (event) SELECT id FROM placed";
    postgres.execute(insert, &[&ORDER]).await?;
    place.ok("placed");
    Ok(())
}

/// Publishes what is not marked as sent, and marks it.
async fn relay(postgres: &Client, redis: &mut MultiplexedConnection) -> Result {
    for row in postgres.query("SELECT id, event FROM outbox WHERE NOT is_sent ORDER BY id", &[]).await? {
        let (id, event): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
        let _: i64 = redis.rpush(EVENTS, &event).await?;
        postgres.execute("UPDATE outbox SET is_sent = true WHERE id = $1", &[&id]).await?;
    }
    Ok(())
}

impl Consumer {
    async fn handle(&self, postgres: &Client, redis: &mut MultiplexedConnection) -> Result {
        let insert = match self {
            Self::Trusting => "INSERT INTO shipments (event) VALUES ($1)",
            Self::Idempotent => {
                "WITH new AS (INSERT INTO inbox VALUES ($1) ON CONFLICT DO NOTHING RETURNING event) \
                 INSERT INTO shipments (event) SELECT event FROM new"
            }
        };
        while let Some(event) = redis.lpop::<_, Option<String>>(EVENTS, None).await? {
            postgres.execute(insert, &[&event]).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Consumer {
    fn card(&self) -> Card {
        let card = match self {
            Self::Trusting => {
                let about = "An order and its event are written in one transaction, a relay publishes the event until it could mark it \
                             as sent, and a consumer ships. A relay that dies in between publishes again, and the consumer ships \
                             again.";
                per_model("outbox/consumer-trusts-once", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash", "lost-reply"], DUPLICATE_EFFECT)
            }
            Self::Idempotent => {
                let about = "An order and its event are written in one transaction, a relay publishes the event until it could mark it \
                             as sent, and a consumer ships what it has not seen before. At least once and at most once make once.";
                per_model("outbox/transactional", about).holds_under(&["none", "crash", "lost-reply", "drop"])
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        for table in [ORDERS, OUTBOX, "CREATE TABLE inbox (event text PRIMARY KEY)"] {
            stores.postgres().batch_execute(table).await?;
        }
        let shipments = "CREATE TABLE shipments (id serial PRIMARY KEY, event text NOT NULL)";
        Ok(stores.postgres().batch_execute(shipments).await?)
    }

    /// Worker A orders, worker B is the relay.
    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 0 {
            return place(&worker).await;
        }
        relay(&worker.postgres().await?, &mut worker.redis().await?).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// A relay that starts anew, and the consumer.
    async fn aftermath(&self, worker: Worker) -> Result {
        let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        relay(&postgres, &mut redis).await?;
        self.handle(&postgres, &mut redis).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end what was ordered is shipped, once", |view: &View<'_>| {
            let ordered = rows::count(view, "orders", "id", ORDER);
            match rows::count(view, "shipments", "event", ORDER) {
                shipped if shipped == ordered => Ok(()),
                shipped => {
                    Err(format!("ordered {ordered} times and shipped {shipped} times: {}", view.state))
                }
            }
        })]
    }
}

/// Both consumers.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Consumer::Trusting), Arc::new(Consumer::Idempotent)]
}
