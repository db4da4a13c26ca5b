//! Owns the logical database of a Redis that the user names: it must be empty, and is empty again afterwards.

use redis::ConnectionAddr;
use redis::aio::MultiplexedConnection;

use super::super::custody::{Custody, block_on};
use super::super::ready::{self, with_sources};
use super::super::{Address, Processes, Server, ServerClock, StoreError};
use super::{ANSWER_MS_MAX, unusable};

/// As many as an unconfigured server has.
const DATABASES_MAX: i64 = 16;

pub(super) async fn start(url: &str, custody: &Custody) -> Result<Server, StoreError> {
    let (mut server, named) = parse(url)?;
    let question = ready::ask_redis(server.redis_info());
    server.version = ready::at_once("Redis", &server.address, ANSWER_MS_MAX, question).await?;
    let mut connection = connect(&server).await?;
    let database = match named {
        Some(number) => empty_or_refused(&mut connection, number).await?,
        None => first_empty(&mut connection).await?,
    };
    server.database = database.to_string();
    custody.hold_used(UsedDatabase { info: server.redis_info() })?;
    Ok(server)
}

/// A logical database that was empty when we came.
pub(crate) struct UsedDatabase {
    info: redis::ConnectionInfo,
}

impl UsedDatabase {
    /// Empties it. It blocks, and wants a thread of its own.
    pub(crate) fn empty(self) -> Result<(), String> {
        let number = self.info.redis_settings().db();
        let result = block_on(async {
            let mut connection = redis::Client::open(self.info)?.get_multiplexed_async_connection().await?;
            redis::cmd("FLUSHDB").query_async::<()>(&mut connection).await
        });
        let result = result
            .map_err(|error| error.to_string())
            .and_then(|result| result.map_err(|error| error.to_string()));
        result.map_err(|error| format!("keys in Redis database {number}: {error}"))
    }
}

/// The server as the client's own parser sees it, and the database if the URL names one.
fn parse(url: &str) -> Result<(Server, Option<i64>), StoreError> {
    if ["rediss://", "valkeys://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(unusable(url, "TLS is not supported yet (give a `redis://` URL)"));
    }
    let invalid = |reason: &dyn std::fmt::Display| {
        unusable(url, format!("{reason} (write `redis://host:port/number`)"))
    };
    let parsed = redis::parse_redis_url(url).ok_or_else(|| invalid(&"it is no Redis URL"))?;
    let info = redis::IntoConnectionInfo::into_connection_info(url).map_err(|error| invalid(&error))?;
    let (address, is_named) = match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let address = Address::Tcp { host: host.clone(), port: *port };
            (address, !parsed.path().trim_matches('/').is_empty())
        }
        ConnectionAddr::Unix(path) => {
            (Address::Unix(path.clone()), parsed.query_pairs().any(|(name, _)| name == "db"))
        }
        _ => return Err(invalid(&"its transport is not supported")),
    };
    let settings = info.redis_settings();
    let server = Server {
        tcp: matches!(address, Address::Tcp { .. }).then(|| address.clone()),
        address,
        user: settings.username().map(str::to_owned),
        password: settings.password().map(str::to_owned),
        database: settings.db().to_string(),
        version: String::new(),
        confined: true,
        processes: Processes::None,
        power: None,
        clock: ServerClock::not_asked(),
    };
    Ok((server, is_named.then_some(settings.db())))
}

async fn connect(server: &Server) -> Result<MultiplexedConnection, StoreError> {
    let client = redis::Client::open(server.redis_info()).map_err(refused("connect"))?;
    client.get_multiplexed_async_connection().await.map_err(refused("connect"))
}

async fn empty_or_refused(connection: &mut MultiplexedConnection, number: i64) -> Result<i64, StoreError> {
    if keys(connection).await? == 0 {
        return Ok(number);
    }
    Err(StoreError::NotEmpty {
        store: "Redis",
        database: number.to_string(),
        way_out: format!(
            "name another, or none to get the first empty one, or run `redis-cli -n {number} FLUSHDB`"
        ),
    })
}

async fn first_empty(connection: &mut MultiplexedConnection) -> Result<i64, StoreError> {
    for number in 0..DATABASES_MAX {
        if redis::cmd("SELECT").arg(number).query_async::<()>(connection).await.is_err() {
            break;
        }
        if keys(connection).await? == 0 {
            return Ok(number);
        }
    }
    let way_out = "empty one with `redis-cli -n NUMBER FLUSHDB`".to_owned();
    Err(StoreError::NotEmpty { store: "Redis", database: "of any number".to_owned(), way_out })
}

async fn keys(connection: &mut MultiplexedConnection) -> Result<u64, StoreError> {
    redis::cmd("DBSIZE").query_async(connection).await.map_err(refused("DBSIZE"))
}

fn refused(command: &str) -> impl FnOnce(redis::RedisError) -> StoreError {
    move |error| StoreError::Command {
        store: "Redis",
        command: command.to_owned(),
        source: with_sources(&error).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_number_names_no_database() {
        for (url, named) in [
            ("redis://h:1", None),
            ("redis://h:1/", None),
            ("redis://h:1/0", Some(0)),
            ("redis://:p@h:1/3", Some(3)),
            ("redis+unix:///a/s", None),
            ("redis+unix:///a/s?db=2", Some(2)),
        ] {
            assert_eq!(parse(url).unwrap().1, named, "{url}");
        }
    }

    #[test]
    fn a_tls_url_is_refused_by_name() {
        let error = parse("rediss://:hush@h:1").unwrap_err().to_string();
        assert!(error.contains("TLS") && !error.contains("hush"), "{error}");
    }

    #[test]
    fn a_text_that_is_no_url_is_refused() {
        assert!(parse("localhost").is_err());
    }
}
