//! Owns [`Backend`]: everything that the gate asks of a store. One implementation per kind of store lives in
//! `store`; the gate itself knows none of them.

use async_trait::async_trait;
use thiserror::Error;

use super::Stream;
use crate::history::State;
use crate::wire::Session;

/// An open, authenticated connection to a store, in the state of a new one.
#[derive(Debug)]
pub struct Upstream {
    /// Its bytes.
    pub stream: Stream,
    /// The store's own name for it (a client id, a process id).
    pub key: u64,
}

/// A store that was started, but that could not be talked to or that refused.
#[derive(Debug, Error)]
pub enum BackendError {
    /// Bytes could not be exchanged with it.
    #[error("failed to {action} on {store} (did it stop?)")]
    Io {
        /// The store, such as `redis`.
        store: &'static str,
        /// What was attempted.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// It answered something else than it should.
    #[error("{store} refused to {action}: {answer}")]
    Refused {
        /// The store, such as `redis`.
        store: &'static str,
        /// What was attempted.
        action: &'static str,
        /// What it answered, shortened.
        answer: String,
    },
}

/// What a store says about one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its request waits inside the store.
    Blocked,
    /// The store has bytes for it that are not written out yet.
    Sending,
    /// Neither.
    Quiet,
}

/// One store, seen from the gate.
#[async_trait(?Send)]
pub trait Backend {
    /// What it is called in records, such as `redis`.
    fn name(&self) -> &'static str;

    /// A protocol session for a new connection.
    fn session(&self) -> Box<dyn Session>;

    /// The URL by which a client reaches `address` (`127.0.0.1:port`, one of our endpoints) as if it were this store.
    fn url(&self, address: std::net::SocketAddr) -> String;

    /// Opens a connection.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn open(&mut self) -> Result<Upstream, BackendError>;

    /// Brings a connection that a client has used back to the state of a new one.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn renew(&mut self, upstream: Upstream) -> Result<Upstream, BackendError>;

    /// Ends a connection of which only the key is left, and returns when the store has forgotten it.
    ///
    /// # Errors
    /// The store does not answer.
    async fn forget(&mut self, key: u64) -> Result<(), BackendError>;

    /// The whole content of the store.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn state(&mut self) -> Result<State, BackendError>;

    /// The whole content of the store, which is removed in the same round trip; with `code` also scripts and
    /// functions.
    ///
    /// # Errors
    /// The store does not answer or refuses.
    async fn take_state(&mut self, code: bool) -> Result<State, BackendError>;

    /// How these connections stand, asked of the store itself. When the answer is here, everything that
    /// the store sent before it (except for connections that are [`Standing::Sending`]) has arrived.
    ///
    /// # Errors
    /// The store does not answer.
    async fn standing(&mut self, keys: &[u64]) -> Result<Vec<Standing>, BackendError>;
}
