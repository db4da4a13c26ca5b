//! Owns what the gate does for clients that run free on other threads: it lends them connections to the stores and takes
//! them back.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::super::stream::Loose;
use super::super::{BackendError, Gate, GateError, Upstream};
use crate::id::WorkerId;
use crate::wire::Session;

/// What a sluice asks for or has to say.
pub(crate) enum Call {
    /// A client has come to the store, which is called so: its position, and a session for it.
    Session { store: &'static str, answer: oneshot::Sender<(usize, Box<dyn Session>)> },
    /// A client has said `opening`, for which it gets a connection.
    Lend { store: usize, opening: Bytes, answer: oneshot::Sender<Lent> },
    /// How a client says that it means the store when it connects to `address`.
    Url { store: &'static str, address: SocketAddr, answer: oneshot::Sender<String> },
    /// A client's wish to end what another connection is doing.
    Cancel { store: usize, opening: Bytes, answer: oneshot::Sender<()> },
    /// The first command of a worker is held until all are released.
    Held(WorkerId),
    /// A client or a store did something that ends the burst.
    Failed(GateError),
}

/// A connection to a store on its way to another thread.
#[derive(Debug)]
pub(crate) struct Lent {
    stream: Loose,
    key: u64,
    opening: Bytes,
    greeting: Bytes,
}

impl Lent {
    pub(crate) fn pack(upstream: Upstream) -> io::Result<Self> {
        let Upstream { stream, key, opening, greeting } = upstream;
        Ok(Self { stream: stream.loosen()?, key, opening, greeting })
    }

    pub(crate) fn unpack(self) -> io::Result<Upstream> {
        let Self { stream, key, opening, greeting } = self;
        Ok(Upstream { stream: stream.fasten()?, key, opening, greeting })
    }
}

/// What is left of a connection that was lent.
#[derive(Debug)]
pub(crate) struct Returned {
    /// Position of the store among the gate's.
    pub(crate) store: usize,
    /// Whether scripts or functions may have been stored through it.
    pub(crate) stored_code: bool,
    pub(crate) what: Remnant,
}

#[derive(Debug)]
pub(crate) enum Remnant {
    /// All of it, with nothing under way; whether a client would notice that another one had it.
    Whole { lent: Lent, used: bool },
    /// Only its name: it was closed.
    Closed { key: u64 },
}

impl Gate {
    /// Does what a sluice asks for; what it only says is returned.
    ///
    /// # Errors
    /// A store does not answer, or there is no such store.
    pub(crate) async fn attend(&mut self, call: Call) -> Result<Option<Call>, GateError> {
        // Whoever does not wait for an answer any more needs none.
        match call {
            Call::Session { store, answer } => {
                let store = self.store_index(store)?;
                let _ = answer.send((store, self.backends[store].session()));
            }
            Call::Lend { store, opening, answer } => {
                let upstream = match self.take_warm(store, &opening) {
                    Some(upstream) => upstream,
                    None => self.backends[store].open(&opening).await?,
                };
                let _ = answer.send(Lent::pack(upstream).map_err(|source| self.lost(store, source))?);
            }
            Call::Url { store, address, answer } => {
                let store = self.store_index(store)?;
                let _ = answer.send(self.backends[store].url(address));
            }
            Call::Cancel { store, opening, answer } => {
                self.backends[store].cancel(&opening).await?;
                let _ = answer.send(());
            }
            said @ (Call::Held(_) | Call::Failed(_)) => return Ok(Some(said)),
        }
        Ok(None)
    }

    /// Takes back what was lent, when its client is gone.
    ///
    /// # Errors
    /// A store does not answer.
    pub(crate) async fn take_back(&mut self, returned: Returned) -> Result<(), GateError> {
        let Returned { store, stored_code, what } = returned;
        self.code_stored[store] |= stored_code;
        match what {
            Remnant::Whole { lent, used } => {
                let upstream = lent.unpack().map_err(|source| self.lost(store, source))?;
                let kept = if used { &mut self.used } else { &mut self.warm };
                kept[store].push(upstream);
                Ok(())
            }
            Remnant::Closed { key } => Ok(self.backends[store].forget(key).await?),
        }
    }

    /// Makes it `now` (time since the UNIX epoch) for the stores that live by the run's clock, while workers run free.
    pub(crate) fn run_to(&mut self, now: Duration) {
        self.now = now;
        for store in self.wanted() {
            self.backends[store].run_to(now);
        }
    }

    fn lost(&self, store: usize, source: io::Error) -> GateError {
        let store = self.backends[store].name();
        BackendError::Io { store, action: "hand over a connection", source }.into()
    }
}
