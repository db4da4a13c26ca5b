//! Owns the ways in which the gate cannot go on; `run` turns them into named verdicts.

use thiserror::Error;

use super::BackendError;
use crate::id::ConnectionId;
use crate::wire::WireError;

/// Why an execution cannot go on.
#[derive(Debug, Error)]
pub enum GateError {
    /// A client sent what the gate understands and does not model.
    #[error("worker connection {connection} sent {what}")]
    Unsupported {
        /// Which connection.
        connection: ConnectionId,
        /// What and why not.
        what: String,
    },
    /// A client sent what is no request.
    #[error("worker connection {connection} sent bytes that are no request")]
    ClientBytes {
        /// Which connection.
        connection: ConnectionId,
        /// What is wrong with them.
        source: WireError,
    },
    /// A store sent what is no reply.
    #[error("the store answered connection {connection} with bytes that are no reply")]
    ServerBytes {
        /// Which connection.
        connection: ConnectionId,
        /// What is wrong with them.
        source: WireError,
    },
    /// A store closed a connection on which a request was under way.
    #[error("the store closed connection {connection} while a request was under way")]
    StoreClosed {
        /// Which connection.
        connection: ConnectionId,
    },
    /// A request waits for somebody who is not one of our workers.
    #[error("the request of connection {connection} waits for {holder}, which is no connection of a worker")]
    BlockedByStranger {
        /// Which connection.
        connection: ConnectionId,
        /// The store's own name for the other one.
        holder: u64,
    },
    /// The machine was too slow for what was chosen: a request looked for a deadlock at another moment.
    #[error("connection {connection} {what}")]
    Unforced {
        /// Which connection.
        connection: ConnectionId,
        /// What it did.
        what: String,
    },
    /// A scenario or a worker asked for a store that is not behind the gate.
    #[error(
        "there is no store `{0}` behind the gate (a scenario names the stores that it needs in its card)"
    )]
    NoSuchStore(String),
    /// An endpoint for a worker could not be opened.
    #[error("failed to listen on `127.0.0.1` for worker clients")]
    Listen(#[source] std::io::Error),
    /// A store could not be talked to.
    #[error(transparent)]
    Store(#[from] BackendError),
}

impl GateError {
    pub(crate) fn client(connection: ConnectionId, source: WireError) -> Self {
        Self::ClientBytes { connection, source }
    }

    pub(crate) fn server(connection: ConnectionId, source: WireError) -> Self {
        Self::ServerBytes { connection, source }
    }
}
