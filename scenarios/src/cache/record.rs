//! Owns the record that most variants cache: row 1 in Postgres, whose value grows with every write, its copy in Redis, and
//! what is promised of the two.

use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Invariant, View, Worker};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, FromRedisValue, RedisResult};
use tokio_postgres::Client;

use crate::rows;

/// Where the copy is.
pub(super) const KEY: &str = "record";
/// The value that is there at the start.
pub(super) const OLD: i64 = 1;
/// The value that the only writer writes.
pub(super) const NEW: i64 = 2;

/// The operation of whoever asks for the record; its result is what was served.
pub(super) const READ: &str = "read";
/// The operation of whoever changes the record; its argument is the new value.
pub(super) const WRITE: &str = "write";

/// The record, and no copy of it.
pub(super) async fn prepare(stores: &mut SetUp) -> Result {
    let table =
        "CREATE TABLE records (id int PRIMARY KEY, value bigint NOT NULL); INSERT INTO records VALUES (1, 1)";
    Ok(stores.postgres().batch_execute(table).await?)
}

/// The copy, as somebody has left it who read the record before.
pub(super) async fn warm(stores: &mut SetUp) -> Result {
    Ok(stores.redis().set(KEY, OLD).await?)
}

/// What a worker has in its hands: a connection to each store.
pub(super) struct Hand {
    pub(super) redis: MultiplexedConnection,
    pub(super) postgres: Client,
}

impl Hand {
    /// The connections of `worker`.
    pub(super) async fn of(worker: &Worker) -> Result<Self> {
        Ok(Self { redis: worker.redis().await?, postgres: worker.postgres().await? })
    }

    /// The record, from the database.
    pub(super) async fn load(&self) -> Result<i64> {
        let row = self.postgres.query_one("SELECT value FROM records WHERE id = 1", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Changes the record in the database.
    pub(super) async fn store(&self, value: i64) -> Result {
        self.postgres.execute("UPDATE records SET value = $1 WHERE id = 1", &[&value]).await?;
        Ok(())
    }

    /// The copy, if there is one.
    pub(super) async fn cached(&mut self) -> RedisResult<Option<i64>> {
        self.redis.get(KEY).await
    }

    /// Makes the copy.
    pub(super) async fn fill(&mut self, value: i64) -> RedisResult<()> {
        self.redis.set(KEY, value).await
    }

    /// Removes the copy.
    pub(super) async fn invalidate(&mut self) -> RedisResult<()> {
        self.redis.del(KEY).await
    }

    /// A script on these keys.
    pub(super) async fn eval<T: FromRedisValue>(
        &mut self,
        script: &str,
        keys: &[&str],
        arguments: &[String],
    ) -> RedisResult<T> {
        let mut eval = redis::cmd("EVAL");
        eval.arg(script).arg(keys.len()).arg(keys).arg(arguments);
        eval.query_async(&mut self.redis).await
    }

    /// Cache-aside: the copy if there is one, else the record, of which a copy is left.
    pub(super) async fn read_aside(&mut self) -> Result<i64> {
        if let Some(value) = self.cached().await? {
            return Ok(value);
        }
        let value = self.load().await?;
        self.fill(value).await?;
        Ok(value)
    }
}

/// When all have ended, there is no copy under `key`, or it is the record.
pub(super) fn no_stale_entry(key: &'static str) -> Invariant {
    let promise = "when all have ended, the cache holds nothing or what the database holds";
    Invariant::new(promise, move |view: &View<'_>| {
        let record = rows::sum(view, "records", "value");
        match view.state.integer(key) {
            Some(copy) if copy != record => {
                Err(format!("the cache holds {copy}, and the database {record}: {}", view.state))
            }
            _ => Ok(()),
        }
    })
}
