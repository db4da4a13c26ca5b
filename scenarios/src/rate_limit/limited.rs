//! Owns [`Limited`], what the workers of most variants do (call once, and once more in the end), and [`Limiter`], what
//! differs between them.

use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisResult};

use super::promise::{CALL, IN_THE_END, WINDOW_MS, admitted, free_in_the_end};

/// A window, and the millisecond in which Redis still has what ends with it.
const SILENCE: Duration = Duration::from_millis(WINDOW_MS + 1);

/// How calls are counted.
#[async_trait(?Send)]
pub(super) trait Limiter: Send + Sync {
    /// Its card.
    fn card(&self) -> Card;

    /// What has been counted before.
    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    /// When, by the clock in milliseconds, a call was let through; `None` if it was refused.
    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>>;

    /// The limit.
    fn promise(&self) -> Invariant;
}

/// Workers that call once each, and one that calls when all have been silent for a window.
pub(super) struct Limited<L>(pub(super) L);

impl<L: Limiter> Limited<L> {
    async fn call(&self, worker: &Worker, name: &str) -> Result {
        let mut redis = worker.redis().await?;
        let call = worker.invoke(name, "");
        match self.0.admits(worker, &mut redis).await? {
            Some(ms) => call.ok(admitted(ms)),
            None => call.refused("too many"),
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl<L: Limiter> Scenario for Limited<L> {
    fn card(&self) -> Card {
        self.0.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.0.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        self.call(&worker, CALL).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        worker.sleep(SILENCE).await;
        self.call(&worker, IN_THE_END).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![self.0.promise(), free_in_the_end()]
    }
}

/// A script on one key.
pub(super) async fn eval<T: FromRedisValue>(
    redis: &mut MultiplexedConnection,
    script: &str,
    key: &str,
    arguments: &[String],
) -> RedisResult<T> {
    redis::cmd("EVAL").arg(script).arg(1).arg(key).arg(arguments).query_async(redis).await
}
