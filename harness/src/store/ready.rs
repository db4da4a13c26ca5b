//! Owns the question whether a server answers, asked with a real command until it does; who started it is not known here.

use std::fmt;
use std::time::{Duration, Instant};

use super::{Address, Server, StoreError};

/// A container's first start may include an initdb on a slow disk.
pub(crate) const READY_MS_MAX: u64 = 60_000;
/// One attempt: a port may accept and then say nothing.
const ATTEMPT_MS_MAX: u64 = 5_000;
const POLL_MS: u64 = 2;

/// Asks until the server gives its version, `limit_ms` is over, or `over` says why it never will.
pub(crate) async fn redis_version(
    server: &Server,
    limit_ms: u64,
    over: impl FnMut() -> Option<StoreError>,
) -> Result<String, StoreError> {
    ask("Redis", &server.address, limit_ms, over, async || ask_redis(server.redis_info()).await).await
}

/// As [`redis_version`], with any statement of our own after the question.
pub(crate) async fn postgres_version(
    server: &Server,
    statement: Option<&str>,
    limit_ms: u64,
    over: impl FnMut() -> Option<StoreError>,
) -> Result<String, StoreError> {
    let config = server.postgres_config();
    ask("PostgreSQL", &server.address, limit_ms, over, async || ask_postgres(&config, statement).await).await
}

/// One question to a Redis.
pub(crate) async fn ask_redis(info: redis::ConnectionInfo) -> redis::RedisResult<String> {
    let mut connection = redis::Client::open(info)?.get_multiplexed_async_connection().await?;
    let answer: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let version = answer.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("unknown").trim().to_owned())
}

/// One question to a PostgreSQL.
pub(crate) async fn ask_postgres(
    config: &tokio_postgres::Config,
    statement: Option<&str>,
) -> Result<String, tokio_postgres::Error> {
    let client = connect_postgres(config).await?;
    let row = client.query_one("SELECT current_setting('server_version')", &[]).await?;
    if let Some(statement) = statement {
        client.batch_execute(statement).await?;
    }
    Ok(row.get(0))
}

/// Connects, with the connection's half that does the talking on a task of its own.
pub(crate) async fn connect_postgres(
    config: &tokio_postgres::Config,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(async {
        // The client sees the same error.
        let _ = connection.await;
    });
    Ok(client)
}

async fn ask<E: fmt::Display + std::error::Error>(
    store: &'static str,
    address: &Address,
    limit_ms: u64,
    mut over: impl FnMut() -> Option<StoreError>,
    question: impl AsyncFn() -> Result<String, E>,
) -> Result<String, StoreError> {
    let deadline = Instant::now() + Duration::from_millis(limit_ms);
    loop {
        let attempt = tokio::time::timeout(Duration::from_millis(ATTEMPT_MS_MAX.min(limit_ms)), question());
        let last = match attempt.await {
            Ok(Ok(version)) => return Ok(version),
            Ok(Err(error)) => with_sources(&error),
            Err(_) => "no answer to one question".to_owned(),
        };
        if let Some(error) = over() {
            return Err(error);
        }
        if Instant::now() >= deadline {
            let limit_ms = u128::from(limit_ms);
            return Err(StoreError::NotReady { store, address: address.to_string(), limit_ms, last });
        }
        tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
    }
}

/// tokio-postgres says `db error` and keeps what the server said as the source.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
