//! Owns [`Link`]: Redis as a program has it whose client reconnects.

use std::rc::Rc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::store::redis::NAME;
use raceproof::{Invariant, Worker};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult};

use super::guarded::{Hand, RESOURCE};
use super::promises;

/// A worker with one connection to Redis. The request that finds it gone gets an error; the next one goes over a new
/// connection.
pub(super) struct Link {
    worker: Rc<Worker>,
    store: &'static str,
    connection: Option<MultiplexedConnection>,
    /// What the worker wrote into the lock last, where that is not just its name.
    pub(super) written: Option<String>,
}

impl Link {
    /// A connection of `worker` to the Redis called `store`.
    pub(super) fn to(worker: Rc<Worker>, store: &'static str) -> Self {
        Self { worker, store, connection: None, written: None }
    }

    /// The name under which the worker holds locks.
    pub(super) fn owner(&self) -> String {
        self.worker.id().to_string()
    }

    /// One command.
    pub(super) async fn send<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let answer = command.query_async(self.connection().await?).await;
        self.judged(answer)
    }

    /// `MULTI`, these commands, `EXEC`.
    pub(super) async fn transaction<T: FromRedisValue>(&mut self, commands: &mut Pipeline) -> RedisResult<T> {
        let answer = commands.atomic().query_async(self.connection().await?).await;
        self.judged(answer)
    }

    /// A script on one key.
    pub(super) async fn eval<T: FromRedisValue>(
        &mut self,
        script: &str,
        key: &str,
        arguments: &[&str],
    ) -> RedisResult<T> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(key).arg(arguments);
        self.send(&command).await
    }

    /// A section of one step, which only reads; always done.
    pub(super) async fn look(&mut self) -> Result<bool> {
        self.read().await.map(|_| true)
    }

    /// A section that does not think between reading and writing; always done.
    pub(super) async fn increment(&mut self) -> Result<bool> {
        let value = self.read().await?;
        self.write(value + 1).await.map(|()| true)
    }

    async fn connection(&mut self) -> RedisResult<&mut MultiplexedConnection> {
        if self.connection.is_none() {
            self.connection = Some(self.worker.redis_at(self.store).await?);
        }
        Ok(self.connection.as_mut().expect("it was opened just now"))
    }

    fn judged<T>(&mut self, answer: RedisResult<T>) -> RedisResult<T> {
        let is_gone = |error: &RedisError| error.is_io_error() || error.is_connection_dropped();
        if answer.as_ref().is_err_and(is_gone) {
            self.connection = None;
        }
        answer
    }
}

#[async_trait(?Send)]
impl Hand for Link {
    async fn prepare(stores: &mut SetUp) -> Result {
        Ok(stores.redis().set(RESOURCE, 0).await?)
    }

    fn of(worker: Worker) -> Self {
        Self::to(Rc::new(worker), NAME)
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    async fn read(&mut self) -> Result<i64> {
        Ok(self.send(redis::cmd("GET").arg(RESOURCE)).await?)
    }

    async fn write(&mut self, value: i64) -> Result {
        Ok(self.send(redis::cmd("SET").arg(RESOURCE).arg(value)).await?)
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update()
    }
}
