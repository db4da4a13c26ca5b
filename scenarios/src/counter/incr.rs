//! Owns the counter that leaves the adding to Redis.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;

use super::{card, promise};

/// `INCR`: reading, adding and writing are one command, and Redis runs one command at a time.
pub(super) struct Incr;

#[async_trait(?Send)]
impl Scenario for Incr {
    fn card(&self) -> Card {
        let about = "Each worker sends one INCR. Redis reads, adds and writes in a single command, so there \
                     is nothing to come between.";
        card("incr", about, None, 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        for _ in 0..2 {
            let increment = worker.invoke("increment", "");
            let value: i64 = redis.incr("counter", 1).await?;
            increment.ok(value);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promise::nothing_lost("counter")]
    }
}
