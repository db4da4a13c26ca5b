//! Owns [`SetUp`]: direct connections to the stores, past the gate, for a scenario's set-up.

use std::collections::BTreeMap;

use super::redis::NAME;
use super::{Address, Server, StoreError, postgres};

/// What a scenario's set-up is given: a direct connection to each store of the run.
#[derive(Default)]
pub struct SetUp {
    /// By the name of the server.
    pub(crate) redis: BTreeMap<&'static str, redis::aio::MultiplexedConnection>,
    pub(crate) postgres: Option<tokio_postgres::Client>,
    /// The servers, by name, to which these lead.
    servers: BTreeMap<&'static str, Server>,
    /// How often stores had been killed when the connections were opened.
    outages: u64,
}

impl SetUp {
    /// Opens a connection to the server called `store`.
    pub(crate) async fn open(&mut self, store: &'static str, server: &Server) -> Result<(), StoreError> {
        if store == postgres::NAME {
            self.open_postgres(server).await.map_err(|error| refused("PostgreSQL", error))?;
        } else {
            self.open_redis(store, server).await.map_err(|error| refused("Redis", error))?;
        }
        self.servers.insert(store, server.clone());
        Ok(())
    }

    /// Opens the connections anew if a store was killed since; there were `outages` so far.
    pub(crate) async fn refresh(&mut self, outages: u64) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.outages, outages) != outages {
            for (store, server) in self.servers.clone() {
                self.open(store, &server).await?;
            }
        }
        Ok(())
    }

    /// The connection to the first Redis.
    ///
    /// # Panics
    /// If the scenario's card does not name `redis` among its stores.
    pub fn redis(&mut self) -> &mut redis::aio::MultiplexedConnection {
        self.redis_at(NAME)
    }

    /// The connection to the Redis called `store`, such as `redis-2`.
    ///
    /// # Panics
    /// If the scenario's card does not name it among its stores.
    pub fn redis_at(&mut self, store: &str) -> &mut redis::aio::MultiplexedConnection {
        self.redis.get_mut(store).expect("a scenario that uses a Redis names it among the stores of its card")
    }

    /// The URL of the server called `store` for a program, past the gate; `None` if it listens on no port, or is none of the run.
    #[must_use]
    pub fn url(&self, store: &str) -> Option<String> {
        let server = self.servers.get(store)?;
        let tcp = server.tcp.as_ref().unwrap_or(&server.address);
        let Address::Tcp { .. } = tcp else { return None };
        let user = server.user.as_deref().map(postgres::percent_encoded).unwrap_or_default();
        let login = match server.password.as_deref().map(postgres::percent_encoded) {
            Some(password) => format!("{user}:{password}@"),
            None if user.is_empty() => String::new(),
            None => format!("{user}@"),
        };
        let scheme = if store == postgres::NAME { "postgres" } else { "redis" };
        Some(format!("{scheme}://{login}{tcp}/{}", postgres::percent_encoded(&server.database)))
    }

    /// The connection to Postgres, on an empty database.
    ///
    /// # Panics
    /// If the scenario's card does not name `postgres` among its stores.
    pub fn postgres(&mut self) -> &mut tokio_postgres::Client {
        self.postgres.as_mut().expect("a scenario that uses `postgres` names it among the stores of its card")
    }
}

fn refused(store: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Command { store, command: "open a connection".to_owned(), source: error.into() }
}
