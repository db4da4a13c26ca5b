//! Owns the gate: it holds what workers send and lets through what it is told to. It never decides, it
//! knows no store (that is [`Backend`]) and no reason.

mod backend;
mod channel;
mod connection;
mod endpoint;
mod error;
mod spin;
mod step;
mod stream;

use std::collections::{BTreeMap, VecDeque};
use std::task::Context;
use std::time::Duration;

pub use backend::{Backend, BackendError, Standing, Upstream};
use connection::{Connection, Remains};
use endpoint::Endpoint;
pub use error::GateError;
use spin::is_quiet;
pub(crate) use spin::{spin_read, spinning};
pub use step::{Stepped, TimedOut};
pub use stream::Stream;

use crate::choice::Choice;
use crate::history::State;
use crate::id::{ConnectionId, WorkerId};
use crate::wire::Wait;

/// Warm connections kept for each store.
const WARM_MAX: usize = 64;

/// The gate of a run: all connections of all workers, and the stores behind them.
pub struct Gate {
    backends: Vec<Box<dyn Backend>>,
    /// Open connections in the state of a new one, by backend.
    warm: Vec<Vec<Upstream>>,
    endpoints: Vec<Endpoint>,
    arrivals: VecDeque<Arrival>,
    connections: Vec<Connection>,
    opened: BTreeMap<WorkerId, u16>,
    code_stored: bool,
    /// Whether nothing has happened since the stores were emptied.
    clean: bool,
}

/// A client that has no connection to the store yet.
struct Arrival {
    worker: WorkerId,
    store: usize,
    stream: Stream,
}

/// How one worker stands at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presence {
    /// It has a request or a delivery at the gate.
    pub held: bool,
    /// One of its requests waits inside a store.
    pub blocked: bool,
    /// A store may send it something unasked.
    pub listening: bool,
    /// Bytes of it are under way and will move by themselves.
    pub busy: bool,
}

impl Gate {
    /// A gate in front of these stores.
    #[must_use]
    pub fn new(backends: Vec<Box<dyn Backend>>) -> Self {
        let warm = backends.iter().map(|_| Vec::new()).collect();
        Self {
            backends,
            warm,
            endpoints: Vec::new(),
            arrivals: VecDeque::new(),
            connections: Vec::new(),
            opened: BTreeMap::new(),
            code_stored: false,
            clean: false,
        }
    }

    /// The stores behind the gate.
    pub fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }

    /// Takes the server's end of an in-process connection of `worker` to the store called `store`.
    ///
    /// # Errors
    /// The run has no such store.
    pub fn connect(&mut self, worker: WorkerId, store: &str, stream: Stream) -> Result<(), GateError> {
        let store = self.store_index(store)?;
        self.arrivals.push_back(Arrival { worker, store, stream });
        Ok(())
    }

    /// The URL at which any client of `worker` reaches the store called `store` through the gate. The
    /// endpoint listens on loopback for as long as the gate lives.
    ///
    /// # Errors
    /// The run has no such store, or the system gives no port.
    pub fn url(&mut self, worker: WorkerId, store: &str) -> Result<String, GateError> {
        let store = self.store_index(store)?;
        let known = self.endpoints.iter().position(|endpoint| endpoint.serves(worker, store));
        let index = match known {
            Some(index) => index,
            None => {
                self.endpoints.push(Endpoint::open(worker, store)?);
                self.endpoints.len() - 1
            }
        };
        Ok(self.backends[store].url(self.endpoints[index].address()))
    }

    fn store_index(&self, name: &str) -> Result<usize, GateError> {
        let found = self.backends.iter().position(|backend| backend.name() == name);
        found.ok_or_else(|| GateError::NoSuchStore(name.to_owned()))
    }

    /// Moves bytes as far as possible without waiting; `true` if anything moved.
    ///
    /// # Errors
    /// A client or a store did something that ends the execution.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Result<bool, GateError> {
        let mut progress = false;
        for endpoint in &mut self.endpoints {
            while let Some(stream) = endpoint.poll_accept(context)? {
                let (worker, store) = (endpoint.worker, endpoint.store);
                self.arrivals.push_back(Arrival { worker, store, stream: Stream::Tcp(stream) });
                progress = true;
            }
        }
        for connection in &mut self.connections {
            progress |= connection.poll(context)?;
        }
        Ok(progress)
    }

    /// Whether [`tend`](Self::tend) has something to do.
    #[must_use]
    pub fn needs_tending(&self) -> bool {
        !self.arrivals.is_empty() || self.connections.iter().any(Connection::retires)
    }

    /// Gives new clients a connection to their store, and ends the connections whose client is gone.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn tend(&mut self) -> Result<(), GateError> {
        while let Some(index) = self.connections.iter().position(Connection::retires) {
            let connection = self.connections.remove(index);
            self.retire(connection).await?;
        }
        while let Some(arrival) = self.arrivals.pop_front() {
            let upstream = match self.take_warm(arrival.store) {
                Some(upstream) => upstream,
                None => self.backends[arrival.store].open().await?,
            };
            let next = self.opened.entry(arrival.worker).or_insert(0);
            let id = ConnectionId { worker: arrival.worker, ordinal: *next };
            *next += 1;
            let session = self.backends[arrival.store].session();
            self.connections.push(Connection::new(id, arrival.store, arrival.stream, upstream, session));
            self.connections.sort_by_key(|connection| connection.id);
        }
        Ok(())
    }

    /// The warm connection with the lowest key, so that clients that come in the same order get the same
    /// connections in every execution; those that the store has closed meanwhile are dropped.
    fn take_warm(&mut self, store: usize) -> Option<Upstream> {
        let warm = &mut self.warm[store];
        while let Some((lowest, _)) = warm.iter().enumerate().min_by_key(|(_, upstream)| upstream.key) {
            let upstream = warm.swap_remove(lowest);
            if is_quiet(&upstream.stream) {
                return Some(upstream);
            }
        }
        None
    }

    async fn retire(&mut self, connection: Connection) -> Result<(), GateError> {
        let store = connection.store;
        self.code_stored |= connection.stored_code();
        let backend = &mut self.backends[store];
        let upstream = match connection.dismantle() {
            Remains::Reusable { upstream, used: false } => upstream,
            Remains::Reusable { upstream, used: true } => backend.renew(upstream).await?,
            Remains::Broken { key } => return Ok(backend.forget(key).await?),
        };
        if self.warm[store].len() < WARM_MAX {
            self.warm[store].push(upstream);
        }
        Ok(())
    }

    /// Ends all connections, and removes and returns the content of the stores: afterwards they are in the
    /// state in which a set-up starts.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn finish(&mut self) -> Result<State, GateError> {
        self.clean = false;
        self.arrivals.clear();
        self.opened.clear();
        for endpoint in &mut self.endpoints {
            endpoint.turn_away();
        }
        for connection in std::mem::take(&mut self.connections) {
            self.retire(connection).await?;
        }
        let mut entries = BTreeMap::new();
        for backend in &mut self.backends {
            entries.append(&mut backend.take_state(self.code_stored).await?.into_entries());
        }
        self.code_stored = false;
        self.clean = true;
        Ok(State::new(entries))
    }

    /// Makes sure that nothing is left of what was before: does nothing right after [`finish`](Self::finish).
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn reset(&mut self) -> Result<(), GateError> {
        if !std::mem::replace(&mut self.clean, false) {
            self.finish().await?;
            self.clean = false;
        }
        Ok(())
    }

    /// The content of all stores.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn state(&mut self) -> Result<State, GateError> {
        let mut entries = BTreeMap::new();
        for backend in &mut self.backends {
            entries.append(&mut backend.state().await?.into_entries());
        }
        Ok(State::new(entries))
    }

    /// What may be released or delivered now, in canonical order.
    #[must_use]
    pub fn options(&self) -> Vec<Choice> {
        let runs = self.connections.iter().filter(|connection| connection.holds_step());
        let deliveries = self.connections.iter().filter(|connection| connection.holds_delivery());
        let mut options: Vec<Choice> = runs.map(|connection| Choice::Run(connection.id)).collect();
        options.extend(deliveries.map(|connection| Choice::Deliver(connection.id)));
        options.sort();
        options
    }

    /// How `worker` stands at the gate.
    #[must_use]
    pub fn presence(&self, worker: WorkerId) -> Presence {
        let mut presence = Presence::default();
        for connection in self.connections.iter().filter(|connection| connection.id.worker == worker) {
            presence.held |= connection.holds_step() || connection.holds_delivery();
            presence.blocked |= connection.blocked().is_some();
            presence.listening |= connection.listens();
            presence.busy |= connection.busy();
        }
        presence.busy |= self.arrivals.iter().any(|arrival| arrival.worker == worker);
        presence
    }

    /// The longest limit of the requests that wait in a store; `None` if none waits, or all wait for ever.
    #[must_use]
    pub fn longest_wait(&self) -> Option<Duration> {
        let limit = |connection: &Connection| match connection.blocked() {
            Some(Wait::AtMostMs(ms)) => Some(Duration::from_millis(ms)),
            _ => None,
        };
        self.connections.iter().filter_map(limit).max()
    }

    /// Whether some client is outside this process's memory, so that its bytes are seen only after a
    /// poll of the system.
    #[must_use]
    pub fn through_kernel(&self) -> bool {
        self.connections.iter().any(Connection::through_kernel)
    }
}
