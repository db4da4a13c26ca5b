//! Owns [`Line`]: Redis as a program has it whose client may connect anew.

use raceproof::Worker;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, RedisResult};

/// A worker with one connection to Redis. The request that finds it gone gets an error; the next one goes over a new
/// connection, unless the client keeps the one that is gone.
pub(super) struct Line<'a> {
    worker: &'a Worker,
    connection: Option<MultiplexedConnection>,
    reconnects: bool,
}

impl<'a> Line<'a> {
    /// A connection of `worker`, which is opened when it is needed.
    pub(super) fn of(worker: &'a Worker, reconnects: bool) -> Self {
        Self { worker, connection: None, reconnects }
    }

    /// One command.
    pub(super) async fn send<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        if self.connection.is_none() {
            self.connection = Some(self.worker.redis().await?);
        }
        let connection = self.connection.as_mut().expect("it was opened just now");
        let answer = command.query_async(connection).await;
        let is_gone = |error: &RedisError| error.is_io_error() || error.is_connection_dropped();
        if self.reconnects && answer.as_ref().is_err_and(is_gone) {
            self.connection = None;
        }
        answer
    }
}
