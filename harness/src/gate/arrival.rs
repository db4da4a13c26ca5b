//! Owns [`Arrival`]: a client that has no connection to the store yet, up to the moment at which it says what it wants.

use std::task::Context;

use bytes::Bytes;

use super::channel::Channel;
use super::{GateError, Lease, Stream};
use crate::id::{ConnectionId, WorkerId};
use crate::wire::{Opening, Session};

/// A client that has just come.
pub(crate) struct Arrival {
    pub(crate) worker: WorkerId,
    pub(crate) store: usize,
    pub(crate) lease: Lease,
    pub(crate) client: Channel,
    pub(crate) session: Box<dyn Session>,
    wish: Option<Wish>,
}

/// What an arrival wants.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// A connection, for which it said this.
    Connection(Bytes),
    /// The end of what the connection of this name is doing, for which it said this.
    Cancel { opening: Bytes, key: u64 },
}

/// A client's wish to end what another connection is doing, held until it is released.
pub(crate) struct Cancellation {
    pub(crate) id: ConnectionId,
    pub(crate) store: usize,
    pub(crate) opening: Bytes,
    /// The store's own name for the other connection.
    pub(crate) key: u64,
    /// The client, which waits until its connection is closed.
    pub(crate) _client: Channel,
}

impl Arrival {
    pub(crate) fn new(worker: WorkerId, store: usize, client: Stream, session: Box<dyn Session>) -> Self {
        let lease = Lease::Execution;
        Self { worker, store, lease, client: Channel::new(client), session, wish: None }
    }

    /// The same, for as long as `lease` says.
    pub(crate) fn leased(self, lease: Lease) -> Self {
        Self { lease, ..self }
    }

    /// Listens to what it says; `true` if anything moved.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Result<bool, GateError> {
        let mut progress = false;
        while self.wish.is_none() {
            progress |= self.client.poll_fill(context);
            let cut = self.session.opening(&self.client.input);
            let connection = ConnectionId { worker: self.worker, ordinal: 0 };
            let Some(opening) = cut.map_err(|source| GateError::client(connection, source))? else { break };
            match opening {
                Opening::Answer { length, bytes } => {
                    self.client.take(length);
                    self.client.send(bytes);
                }
                Opening::Connect { length } => self.wish = Some(Wish::Connection(self.client.take(length))),
                Opening::Cancel { length, key } => {
                    self.wish = Some(Wish::Cancel { opening: self.client.take(length), key });
                }
            }
            progress = true;
        }
        Ok(progress | self.client.poll_drain(context))
    }

    /// Whether it has said what it wants.
    pub(crate) fn is_ready(&self) -> bool {
        self.wish.is_some()
    }

    /// Whether it left without having said what it wants.
    pub(crate) fn is_gone(&self) -> bool {
        self.wish.is_none() && self.client.closed()
    }

    /// What it wants, once.
    pub(crate) fn take_wish(&mut self) -> Wish {
        self.wish.take().expect("it has said what it wants")
    }
}
