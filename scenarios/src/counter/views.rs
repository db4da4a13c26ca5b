//! Owns the views that are counted in Redis and written to Postgres in batches.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::LOST_WRITE;
use crate::card::{Details, per_model};
use crate::rows;
use crate::script::eval;

/// How many views there have been when the flushers start.
const VIEWS: i64 = 7;
const ADD: &str = "UPDATE posts SET views = views + $1 WHERE id = 1";
/// The batch that is under way; a new one, with a number of its own, if there is none.
const TAKE: &str = "
if redis.call('EXISTS', KEYS[2]) == 0 then
    local views = redis.call('GETDEL', KEYS[1])
    if not views then return {} end
    redis.call('HSET', KEYS[2], 'number', redis.call('INCR', KEYS[3]), 'views', views)
end
return redis.call('HMGET', KEYS[2], 'number', 'views')
";
/// Removes the batch of this number.
const REMOVE: &str = "
if redis.call('HGET', KEYS[1], 'number') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `GETDEL`, then write.
    ///
    /// ```text
    /// A (flusher)                 B (the next flusher)
    /// GETDEL views -> 7
    /// (crashes)
    ///                             GETDEL views -> nil      seven views are nowhere
    /// ```
    Getdel,
    /// Moved to a batch, which counts once: its number is in the transaction that adds it.
    Batch,
}

struct Flush(Taken);

const GETDEL: &str = "A flusher takes the views from Redis with GETDEL and adds them to a row in Postgres. If it dies or Postgres \
                      fails in between, they are in neither.";
const BATCHED: &str = "A flusher moves the views to a numbered batch, adds it and records its number in one transaction, and then \
                       removes it. Whoever finds a batch left behind writes it again, and the number keeps it from counting twice.";

async fn flush_at_once(worker: &Worker) -> Result {
    let (mut redis, postgres) = (worker.redis().await?, worker.postgres().await?);
    let views: Option<i64> = redis.get_del("views").await?;
    if let Some(views) = views {
        postgres.execute(ADD, &[&views]).await?;
    }
    Ok(())
}

async fn flush_batch(worker: &Worker) -> Result {
    let (mut redis, mut postgres) = (worker.redis().await?, worker.postgres().await?);
    let batch: Vec<i64> = eval(&mut redis, TAKE, &["views", "batch", "batches"], &[]).await?;
    let [number, views] = batch[..] else { return Ok(()) };
    let transaction = postgres.transaction().await?;
    let record = "INSERT INTO batches VALUES ($1) ON CONFLICT DO NOTHING";
    if transaction.execute(record, &[&number]).await? == 1 {
        transaction.execute(ADD, &[&views]).await?;
    }
    transaction.commit().await?;
    let _: i64 = eval(&mut redis, REMOVE, &["batch"], &[&number.to_string()]).await?;
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for Flush {
    fn card(&self) -> Card {
        let card = match self.0 {
            Taken::Getdel => per_model("counter/views-getdel", GETDEL)
                .holds_under(&["none"])
                .breaks_under(&["crash", "drop", "error"], LOST_WRITE),
            Taken::Batch => per_model("counter/views-batch", BATCHED).holds_under(&["none", "crash"]),
        };
        card.on_both().after("boostcampwm2025/web01-BoostUs#386")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE posts (id int PRIMARY KEY, views bigint NOT NULL);
                      CREATE TABLE batches (number bigint PRIMARY KEY);
                      INSERT INTO posts VALUES (1, 0)";
        stores.postgres().batch_execute(tables).await?;
        Ok(stores.redis().set("views", VIEWS).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        match self.0 {
            Taken::Getdel => flush_at_once(&worker).await,
            Taken::Batch => flush_batch(&worker).await,
        }
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The flusher of the next minute.
    async fn aftermath(&self, worker: Worker) -> Result {
        self.work(worker).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new(
            "every view is in the row once, a minute later",
            |view: &View<'_>| match rows::sum(view, "posts", "views") {
                VIEWS => Ok(()),
                views => Err(format!("{views} are in the row of {VIEWS}; the stores hold {}", view.state)),
            },
        )]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Flush(Taken::Getdel)), Arc::new(Flush(Taken::Batch))]
}
