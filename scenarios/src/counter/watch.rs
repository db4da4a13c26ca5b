//! Owns the counters that use optimistic locking: WATCH, read, MULTI, write, EXEC.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::{LOST_UPDATE, card, promise};

/// One attempt; the new value, or `None` if somebody else wrote first.
async fn attempt(redis: &mut MultiplexedConnection) -> redis::RedisResult<Option<i64>> {
    redis::cmd("WATCH").arg("counter").exec_async(redis).await?;
    let value: i64 = redis.get("counter").await?;
    let written: Option<((),)> = redis::pipe().atomic().set("counter", value + 1).query_async(redis).await?;
    Ok(written.map(|_| value + 1))
}

/// WATCH does its work, but the program does not look whether EXEC was refused.
///
/// ```text
/// A                      B
/// WATCH, GET -> 0
///                        WATCH, GET -> 0
///                        MULTI SET 1 EXEC -> OK
/// MULTI SET 1 EXEC -> nil   ignored: A reports an increment that never was
/// ```
pub(super) struct ExecIgnored;

#[async_trait(?Send)]
impl Scenario for ExecIgnored {
    fn card(&self) -> Card {
        let about = "Each worker watches the counter, reads it and writes it in a transaction, but never looks \
                     at the result of EXEC. When Redis refuses the transaction, the worker still reports success.";
        card("watch-exec-ignored", about, Some(LOST_UPDATE), 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        attempt(&mut redis).await?;
        increment.ok("done");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promise::nothing_lost("counter")]
    }
}

/// The same with a retry: a refused EXEC starts over. Somebody's EXEC succeeds whenever another's is refused, so it
/// ends.
pub(super) struct ExecRetried;

#[async_trait(?Send)]
impl Scenario for ExecRetried {
    fn card(&self) -> Card {
        let about = "Each worker watches the counter, reads it and writes it in a transaction, and starts over \
                     when EXEC is refused. A write between the read and EXEC can therefore not be overwritten.";
        card("watch-exec-retried", about, None, 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        loop {
            if let Some(value) = attempt(&mut redis).await? {
                increment.ok(value);
                return Ok(());
            }
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promise::nothing_lost("counter")]
    }
}
