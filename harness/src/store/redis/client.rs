//! Owns the Redis clients that workers and set-ups are given.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisResult};
use tokio::io::{AsyncRead, AsyncWrite};

use super::NAME;
use crate::store::connect::connect;
use crate::store::recording::Recording;
use crate::store::{Server, SetUp};
use crate::worker::Worker;

/// Commands are held at the gate for as long as the scheduler likes, so a client must not give up.
fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None)
}

async fn client<S>(info: &RedisConnectionInfo, stream: S) -> RedisResult<MultiplexedConnection>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (connection, driver) = MultiplexedConnection::new_with_config(info, stream, patient()).await?;
    tokio::spawn(driver);
    Ok(connection)
}

impl Worker {
    /// A connection to Redis through the gate, over an in-process stream. Each call opens another one; clones of
    /// one share it.
    ///
    /// # Errors
    /// The connection could not be set up.
    pub async fn redis(&self) -> RedisResult<MultiplexedConnection> {
        self.redis_at(NAME).await
    }

    /// Like [`redis`](Self::redis), to the server called `store`, such as `redis-2`.
    ///
    /// # Errors
    /// The connection could not be set up.
    pub async fn redis_at(&self, store: &'static str) -> RedisResult<MultiplexedConnection> {
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        client(&info, self.stream(store)).await
    }

    /// The `redis://` URL of this worker, for a client of its own that connects over TCP. Raise the client's
    /// response time-out: commands are held for as long as the scheduler likes.
    ///
    /// # Errors
    /// The run has no Redis, or the system gives no port.
    pub async fn redis_url(&self) -> std::io::Result<String> {
        self.redis_url_at(NAME).await
    }

    /// Like [`redis_url`](Self::redis_url), of the server called `store`, such as `redis-2`.
    ///
    /// # Errors
    /// As for `redis_url`.
    pub async fn redis_url_at(&self, store: &'static str) -> std::io::Result<String> {
        self.url(store).await
    }
}

impl SetUp {
    /// Opens the connection that set-ups use to the server called `store`.
    pub(in crate::store) async fn open_redis(
        &mut self,
        store: &'static str,
        server: &Server,
        recording: &Recording,
    ) -> RedisResult<()> {
        let info = server.redis_info().redis_settings().clone().set_skip_set_lib_name();
        let opened = client(&info, recording.on(connect(&server.address).await?)).await?;
        self.redis.insert(store, opened);
        Ok(())
    }
}
