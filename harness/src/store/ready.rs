//! Owns the question whether a server answers, asked with a real command until it does; who started it is not known here.

use std::time::{Duration, Instant};

use super::custody::is_ending;
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
    ask("Redis", &server.address, limit_ms, over, || ask_redis(server.redis_info())).await
}

/// As [`redis_version`], with any statement of our own after the question.
pub(crate) async fn postgres_version(
    server: &Server,
    statement: Option<&str>,
    limit_ms: u64,
    over: impl FnMut() -> Option<StoreError>,
) -> Result<String, StoreError> {
    let config = server.postgres_config();
    ask("PostgreSQL", &server.address, limit_ms, over, || ask_postgres(&config, statement)).await
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

/// One question to a server that must be there already: it answers within `limit_ms`, or it cannot be used.
pub(crate) async fn at_once<E: std::error::Error>(
    store: &'static str,
    address: &Address,
    limit_ms: u64,
    question: impl Future<Output = Result<String, E>>,
) -> Result<String, StoreError> {
    attempt(limit_ms, question).await.map_err(|said| StoreError::Unreachable {
        store,
        address: address.to_string(),
        said,
    })
}

async fn ask<E: std::error::Error, F: Future<Output = Result<String, E>>>(
    store: &'static str,
    address: &Address,
    limit_ms: u64,
    mut over: impl FnMut() -> Option<StoreError>,
    question: impl Fn() -> F,
) -> Result<String, StoreError> {
    let deadline = Instant::now() + Duration::from_millis(limit_ms);
    loop {
        let last = match attempt(ATTEMPT_MS_MAX.min(limit_ms), question()).await {
            Ok(version) => return Ok(version),
            Err(said) => said,
        };
        if let Some(error) = over() {
            return Err(error);
        }
        if is_ending() {
            return Err(StoreError::Interrupted);
        }
        if Instant::now() >= deadline {
            let limit_ms = u128::from(limit_ms);
            return Err(StoreError::NotReady { store, address: address.to_string(), limit_ms, last });
        }
        crate::alarm::sleep(Duration::from_millis(POLL_MS)).await;
    }
}

/// The answer, or what was the matter.
async fn attempt<E: std::error::Error>(
    limit_ms: u64,
    question: impl Future<Output = Result<String, E>>,
) -> Result<String, String> {
    match crate::alarm::timeout(Duration::from_millis(limit_ms), question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(with_sources(&error)),
        Err(_) => Err(format!("no answer to one question within {limit_ms} ms")),
    }
}

/// An error with its causes in one line. tokio-postgres says `db error` and keeps what the server said as the source;
/// the redis crate says what its source says. Numbers of the operating system say nothing that its words do not.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = without_number(&error.to_string());
    let mut source = error.source();
    while let Some(error) = source {
        let told = without_number(&error.to_string());
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        source = error.source();
    }
    text
}

fn without_number(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((before, after)) => {
            let after = after.split_once(')').map_or("", |(_, after)| after);
            format!("{before}{after}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Outer {
        said: &'static str,
        source: io::Error,
    }

    fn told(said: &'static str) -> String {
        with_sources(&Outer { said, source: io::Error::from_raw_os_error(111) })
    }

    #[test]
    fn cause_is_told_once() {
        assert_eq!(told("db error"), "db error: Connection refused");
        assert_eq!(told("Connection refused (os error 111)"), "Connection refused");
        assert_eq!(told("at h: Connection refused (os error 111), sorry"), "at h: Connection refused, sorry");
    }

    /// A port that accepts and says nothing ends the attempt too.
    #[tokio::test]
    async fn silence_ends_with_the_limit() {
        let address = Address::loopback(1);
        let asked = at_once("Redis", &address, 1, std::future::pending::<io::Result<String>>());
        let error = asked.await.expect_err("nobody answers");
        assert!(error.to_string().contains("`127.0.0.1:1` cannot be used: no answer"), "{error}");
        let answered = at_once("Redis", &address, 1, async { io::Result::Ok("7".to_owned()) });
        assert_eq!(answered.await.expect("an answer"), "7");
    }
}
