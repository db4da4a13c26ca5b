//! Owns [`SetUp`]: direct connections to the stores, past the gate, for a scenario's set-up.

use std::collections::BTreeMap;

use super::recording::Recording;
use super::redis::NAME;
use super::{Server, StoreError, postgres};
use crate::history::Typed;
use crate::wire::postgres::PostgresSession;
use crate::wire::redis::RedisSession;
use crate::wire::{Limits, Session};

/// What a scenario's set-up is given: a direct connection to each store of the run.
#[derive(Default)]
pub struct SetUp {
    /// By the name of the server.
    pub(crate) redis: BTreeMap<&'static str, redis::aio::MultiplexedConnection>,
    pub(crate) postgres: Option<tokio_postgres::Client>,
    /// The servers, by name, to which these lead.
    servers: BTreeMap<&'static str, Server>,
    /// What goes by on them, with what follows it.
    recordings: BTreeMap<&'static str, (Recording, Box<dyn Session>)>,
    /// How often stores had been killed when the connections were opened.
    outages: u64,
}

impl SetUp {
    /// Opens a connection to the server called `store`.
    pub(crate) async fn open(&mut self, store: &'static str, server: &Server) -> Result<(), StoreError> {
        let recording = Recording::default();
        let session: Box<dyn Session> = if store == postgres::NAME {
            let opened = self.open_postgres(server, &recording).await;
            opened.map_err(|error| refused("PostgreSQL", error))?;
            Box::new(PostgresSession::new(Limits::default()))
        } else {
            let opened = self.open_redis(store, server, &recording).await;
            opened.map_err(|error| refused("Redis", error))?;
            Box::new(RedisSession::new(Limits::default()))
        };
        recording.begin();
        self.recordings.insert(store, (recording, session));
        self.servers.insert(store, server.clone());
        Ok(())
    }

    /// A set-up begins.
    pub(crate) fn begin(&mut self) {
        self.recordings.values().for_each(|(recording, _)| recording.begin());
    }

    /// What was sent since it [began](Self::begin), store by store; `None` if it cannot be typed.
    pub(crate) fn typed(&mut self) -> Option<Vec<Typed>> {
        let typed = self.recordings.iter_mut().map(|(store, (recording, session))| {
            let lines = recording.transcript(session.as_mut())?;
            Some(Typed { store: (*store).to_owned(), lines })
        });
        let typed = typed.collect::<Option<Vec<_>>>()?;
        Some(typed.into_iter().filter(|typed| !typed.lines.is_empty()).collect())
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

    /// The URL of the server called `store`, past the gate: for a client of one's own, such as one that runs migrations. `None` if
    /// the scenario's card does not name it, or it listens on a socket only.
    #[must_use]
    pub fn url(&self, store: &str) -> Option<String> {
        let scheme = if store == postgres::NAME { postgres::NAME } else { NAME };
        self.servers.get(store)?.url(scheme)
    }

    /// The connection to Postgres, on an empty database.
    ///
    /// # Panics
    /// If the scenario's card does not name `postgres` among its stores.
    pub fn postgres(&mut self) -> &mut tokio_postgres::Client {
        self.postgres.as_mut().expect("a scenario that uses `postgres` names it among the stores of its card")
    }
}

fn refused(store: &'static str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Command { store, command: "open a connection".to_owned(), source: error.into() }
}
