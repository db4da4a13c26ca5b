//! Owns the order that is written to Postgres and announced in Redis, by two writes that nothing joins.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::events::{EVENTS, ORDERS, listed, order_of};
use crate::anomaly::DUAL_WRITE;
use crate::card::{Details, per_model};
use crate::rows;

/// What is written first.
enum DualWrite {
    /// ```text
    /// A
    /// INSERT order a
    /// (crash)
    ///                       nobody hears of the order
    /// RPUSH events a
    /// ```
    Order,
    /// ```text
    /// A
    /// RPUSH events a
    /// (crash)
    ///                       everybody hears of an order that was never placed
    /// INSERT order a
    /// ```
    Event,
}

impl DualWrite {
    async fn place(&self, worker: &Worker, order: &str) -> Result {
        let (postgres, mut redis) = (worker.postgres().await?, worker.redis().await?);
        if matches!(self, Self::Event) {
            let _: i64 = redis.rpush(EVENTS, order).await?;
        }
        postgres.execute("INSERT INTO orders VALUES ($1)", &[&order]).await?;
        if matches!(self, Self::Order) {
            let _: i64 = redis.rpush(EVENTS, order).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for DualWrite {
    fn card(&self) -> Card {
        let card = match self {
            Self::Order => {
                let about = "Each request inserts an order into Postgres and then pushes its event to Redis. If it dies in between, or \
                             hears of no commit that there was, the order exists and nobody is told.";
                per_model("outbox/commit-then-publish", about)
            }
            Self::Event => {
                let about = "Each request pushes the event of its order to Redis and then inserts the order into Postgres. If it dies in \
                             between, everybody is told of an order that does not exist.";
                per_model("outbox/publish-then-commit", about)
            }
        };
        card.on_both().holds_under(&["none"]).breaks_under(&["crash", "lost-reply", "drop"], DUAL_WRITE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(ORDERS).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let order = order_of(&worker);
        let place = worker.invoke("place", &order);
        self.place(&worker, &order).await?;
        place.ok("placed");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("an order exists if and only if it is announced, once", |view: &View<'_>| {
            let ordered = |order: &str| rows::count(view, "orders", "id", order);
            let wrong =
                ["order of A", "order of B"].into_iter().find(|order| ordered(order) != listed(view, order));
            wrong.map_or(Ok(()), |order| {
                Err(format!(
                    "{order} exists {} times and is announced {} times: {}",
                    ordered(order),
                    listed(view, order),
                    view.state
                ))
            })
        })]
    }
}

/// Both orders of the two.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(DualWrite::Order), Arc::new(DualWrite::Event)]
}
