//! Owns the counter that reads, adds one in the program, and writes back.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;

use super::{LOST_UPDATE, card, promise};

/// `GET`, add, `SET`: whoever writes last wins.
///
/// ```text
/// A            B
/// GET -> 0
///              GET -> 0
///              SET 1
/// SET 1                    two increments, counter 1
/// ```
pub(super) struct GetSet;

#[async_trait(?Send)]
impl Scenario for GetSet {
    fn card(&self) -> Card {
        let about = "Each worker reads the counter, adds one and writes it back. Two that read the same value \
                     write the same value, and one increment is gone.";
        card("get-set", about, Some(LOST_UPDATE), 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        let value: i64 = redis.get("counter").await?;
        let () = redis.set("counter", value + 1).await?;
        increment.ok(value + 1);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promise::nothing_lost("counter")]
    }
}
