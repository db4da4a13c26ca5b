//! Owns the sale that goes through a queue: stock and queue in Redis, orders in Postgres.

use async_trait::async_trait;
use raceproof::history::{Datum, State};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::operations::at_most;
use crate::rows;

/// How often `buyer` waits in the queue.
fn queued(state: &State, buyer: &str) -> usize {
    match state.get("queue").map(Datum::lasting) {
        Some(Datum::List(items)) => items.iter().filter(|item| *item == buyer).count(),
        _ => 0,
    }
}

/// Worker C takes from the queue; A and B buy the only unit.
///
/// ```text
/// A                  B                  C (consumer)
/// DECR stock -> 0
///                    DECR stock -> -1
/// LPUSH queue A                         RPOP queue -> A
///                                       INSERT order A … ON CONFLICT DO NOTHING
/// ```
pub(super) struct Database;

/// How often the consumer looks into the queue.
const TAKES_MAX: usize = 2;

async fn consume(worker: &Worker) -> Result {
    let (mut redis, postgres) = (worker.redis().await?, worker.postgres().await?);
    for _ in 0..TAKES_MAX {
        let buyer: Option<String> = redis.rpop("queue", None).await?;
        let Some(buyer) = buyer else { continue };
        postgres.execute("INSERT INTO orders VALUES ($1) ON CONFLICT DO NOTHING", &[&buyer]).await?;
    }
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for Database {
    fn card(&self) -> Card {
        let about = "Each buyer takes a unit with DECR and joins a queue, from which a consumer writes orders to Postgres. \
                     RPOP gives each item to one consumer, so every sale is queued or ordered once (unless the consumer dies \
                     in between).";
        correct("inventory/sale-queue-database", about).on_both().workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        stores.postgres().batch_execute("CREATE TABLE orders (buyer text PRIMARY KEY)").await?;
        Ok(stores.redis().set("stock", 1).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 2 {
            return consume(&worker).await;
        }
        let mut redis = worker.redis().await?;
        let buyer = worker.id().to_string();
        let buy = worker.invoke("buy", &buyer);
        let left: i64 = redis.decr("stock", 1).await?;
        if left < 0 {
            buy.refused("sold out");
            return Ok(());
        }
        let _: i64 = redis.lpush("queue", &buyer).await?;
        buy.ok("queued");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let kept = |view: &View<'_>| {
            let places =
                |buyer: &str| queued(view.state, buyer) + rows::count(view, "orders", "buyer", buyer);
            let lost = view.done("buy").map(|buy| &buy.argument).find(|buyer| places(buyer) != 1);
            lost.map_or(Ok(()), |buyer| {
                Err(format!("{buyer} is in {} places; {}", places(buyer), view.state))
            })
        };
        vec![at_most(1, "buy"), Invariant::new("every sale is either queued or ordered, once", kept)]
    }
}

/// The consumers look at the oldest item, write the order, and remove the item afterwards.
///
/// ```text
/// A                          B
/// LINDEX queue -1 -> ann
///                            LINDEX queue -1 -> ann
/// INSERT order ann
///                            INSERT order ann           one sale, two orders
/// LREM queue ann             LREM queue ann
/// ```
pub(super) struct PeekThenRemove;

#[async_trait(?Send)]
impl Scenario for PeekThenRemove {
    fn card(&self) -> Card {
        let about = "Each consumer looks at the oldest item of the queue, writes its order to Postgres, and removes the \
                     item. Nothing is lost when a consumer dies, but two consumers write the same order.";
        broken("inventory/sale-queue-peek-then-remove", about, CHECK_THEN_ACT).on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE orders (consumer text PRIMARY KEY, buyer text NOT NULL)";
        stores.postgres().batch_execute(table).await?;
        let _: i64 = stores.redis().lpush("queue", "ann").await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let (mut redis, postgres) = (worker.redis().await?, worker.postgres().await?);
        let consumer = worker.id().to_string();
        let consume = worker.invoke("consume", "");
        let buyer: Option<String> = redis.lindex("queue", -1).await?;
        let Some(buyer) = buyer else {
            consume.refused("queue is empty");
            return Ok(());
        };
        postgres.execute("INSERT INTO orders VALUES ($1, $2)", &[&consumer, &buyer]).await?;
        let _: i64 = redis.lrem("queue", 1, &buyer).await?;
        consume.ok(buyer);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a sale is ordered once", |view: &View<'_>| {
            match rows::count(view, "orders", "buyer", "ann") {
                0 | 1 => Ok(()),
                orders => Err(format!("ann bought once and has {orders} orders: {}", view.state)),
            }
        })]
    }
}
