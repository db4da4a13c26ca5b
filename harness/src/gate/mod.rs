//! Owns the gate: it holds what workers send and lets through what it is told to. It never decides, it
//! knows no store (that is [`Backend`]) and no reason.

mod arrival;
mod attribution;
mod backend;
mod channel;
mod connection;
mod deadlines;
mod deadlock;
mod descriptors;
mod ending;
mod endpoint;
mod error;
mod exchange;
mod fault;
mod learning;
mod outage;
mod sluice;
mod spin;
mod step;
mod stream;
mod time;
mod waiting;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;

use arrival::{Arrival, Cancellation, Wish};
pub use backend::{Backend, BackendError, DeadlockCheck, Standing, Survival, Upstream, WaitFor, Waking};
pub use connection::Answer;
use connection::{Connection, Phase};
use deadlines::Deadline;
pub use deadlock::Wait as WaitEdge;
use endpoint::Endpoint;
pub use endpoint::Lease;
pub use error::GateError;
pub use exchange::Exchange;
pub use fault::Struck;
pub(crate) use sluice::{Call, Entry, Returned, Sluice, Tape, Timings};
use spin::is_quiet;
pub(crate) use spin::{AtWork, SPIN_MAX, spin_read, spinning};
pub use step::{Stepped, TimedOut};
pub use stream::Stream;

use crate::choice::Choice;
use crate::explore::Footprint;
use crate::fault::FaultModel;
use crate::id::{ConnectionId, WorkerId};
use crate::isolation::Isolation;
use crate::wire::{self, Session, Wait};

/// The gate of a run: all connections of all workers, and the stores behind them.
pub struct Gate {
    backends: Vec<Box<dyn Backend>>,
    /// By backend: whether the scenario at hand has to do with it.
    wanted: Vec<bool>,
    sessions: Vec<Box<dyn Session>>,
    /// Open connections in the state of a new one, by backend.
    warm: Vec<Vec<Upstream>>,
    /// Open connections that clients have used and left, by backend.
    used: Vec<Vec<Upstream>>,
    endpoints: Vec<Endpoint>,
    arrivals: Vec<Arrival>,
    cancellations: Vec<Cancellation>,
    connections: Vec<Connection>,
    opened: BTreeMap<WorkerId, u16>,
    /// Workers that have crashed in this execution; nothing that comes from them is listened to.
    crashed: BTreeSet<WorkerId>,
    /// By backend: whether a request was executed there in this execution.
    touched: Vec<bool>,
    /// By backend: whether connections that were opened since its replica took over lead to the replica.
    detoured: Vec<bool>,
    /// By backend: what may happen to it.
    expected: Vec<FaultModel>,
    /// How often a store was killed.
    outages: u64,
    /// By backend: whether something may have been stored that bringing back the data does not remove.
    code_stored: Vec<bool>,
    /// By backend: whether bringing back what was remembered is enough even then.
    restorable: Vec<bool>,
    /// Whether the stores hold what was remembered, and nothing else.
    clean: bool,
    /// Whether only a new set-up brings the stores back.
    stale: bool,
    /// What time it is for the stores that live by the run's clock, since the UNIX epoch; zero before it was set.
    now: Duration,
    /// By backend: when something ends there by itself.
    deadlines: Vec<Deadline>,
    /// By backend: the level of transactions that name none.
    isolation: Vec<Option<Isolation>>,
    /// How often a request was sent to a store as a step, or went on there.
    moves: u64,
    /// How often one step woke several requests whose order could not be decided here.
    herds: u64,
    /// The worker for whom programs that work for several went on last.
    cause: Option<WorkerId>,
    /// Whether a connection that was to outlast the execution was ended in the middle of something.
    torn: bool,
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
        let count = backends.len();
        Self {
            sessions: backends.iter().map(|backend| backend.session()).collect(),
            backends,
            wanted: vec![true; count],
            warm: (0..count).map(|_| Vec::new()).collect(),
            used: (0..count).map(|_| Vec::new()).collect(),
            endpoints: Vec::new(),
            arrivals: Vec::new(),
            cancellations: Vec::new(),
            connections: Vec::new(),
            opened: BTreeMap::new(),
            crashed: BTreeSet::new(),
            touched: vec![false; count],
            detoured: vec![false; count],
            expected: vec![FaultModel::none(); count],
            outages: 0,
            code_stored: vec![false; count],
            restorable: vec![false; count],
            clean: false,
            stale: false,
            now: Duration::ZERO,
            deadlines: vec![Deadline::default(); count],
            isolation: vec![None; count],
            moves: 0,
            herds: 0,
            cause: None,
            torn: false,
        }
    }

    /// The stores behind the gate.
    pub fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }

    /// How often so far one step woke several requests whose order could not be decided here: executions in which
    /// that happened may be replayed differently.
    #[must_use]
    pub fn herds(&self) -> u64 {
        self.herds
    }

    /// A session of each store, by backend, for what can be asked of any.
    #[must_use]
    pub fn sessions(&self) -> &[Box<dyn Session>] {
        &self.sessions
    }

    /// The held request of `id`, with its store and what was forwarded for it.
    #[must_use]
    pub fn held(&self, id: ConnectionId) -> Option<(usize, &[Bytes], &Bytes, Option<&wire::Context>)> {
        let connection = self.connections.iter().find(|connection| connection.id == id)?;
        let (queued, request, context) = connection.held_request()?;
        Some((connection.store, queued, request, context))
    }

    /// Whether `worker` holds something in a store that ends with its connection, such as an open transaction.
    #[must_use]
    pub fn lingers(&self, worker: WorkerId) -> bool {
        self.connections.iter().any(|connection| connection.id.worker == worker && connection.lingers())
    }

    /// Whether requests to some store can be stopped half-way.
    #[must_use]
    pub fn can_split(&self) -> bool {
        self.wanted_backends().any(Backend::can_split)
    }

    /// Takes the server's end of an in-process connection of `worker` to the store called `store`.
    ///
    /// # Errors
    /// The run has no such store.
    pub fn connect(&mut self, worker: WorkerId, store: &str, stream: Stream) -> Result<(), GateError> {
        let store = self.store_index(store)?;
        if !self.crashed.contains(&worker) {
            self.arrivals.push(Arrival::new(worker, store, stream, self.backends[store].session()));
        }
        Ok(())
    }

    /// The URL at which any client of `worker` reaches the store called `store` through the gate. The
    /// endpoint listens on loopback for as long as the gate lives.
    ///
    /// # Errors
    /// The run has no such store, or the system gives no port.
    pub fn url(&mut self, worker: WorkerId, store: &str, lease: Lease) -> Result<String, GateError> {
        let store = self.store_index(store)?;
        let worker = if lease == Lease::Common { attribution::NOBODY } else { worker };
        let known = self.endpoints.iter().position(|endpoint| endpoint.serves(worker, store, lease));
        let index = match known {
            Some(index) => index,
            None => {
                self.endpoints.push(Endpoint::open(worker, store, lease)?);
                self.endpoints.len() - 1
            }
        };
        Ok(self.backends[store].url(self.endpoints[index].address()))
    }

    fn store_index(&self, name: &str) -> Result<usize, GateError> {
        let found = self.wanted().find(|store| self.backends[*store].name() == name);
        found.ok_or_else(|| GateError::NoSuchStore(name.to_owned()))
    }

    /// Begins to follow what connections touch: an execution is about to start.
    pub fn follow(&mut self) {
        self.wanted().for_each(|store| self.backends[store].follow());
    }

    /// What an exchange touched of its store; asked for all of an execution, in their order.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn footprint(&mut self, store: usize, exchange: &Exchange<'_>) -> Result<Footprint, GateError> {
        Ok(self.backends[store].footprint(exchange).await?)
    }

    /// Whether a store may send something unasked to some connection, so that it hears of what others do.
    #[must_use]
    pub fn is_heard(&self, store: usize) -> bool {
        self.connections.iter().any(|connection| connection.store == store && connection.listens())
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
                if self.crashed.contains(&worker) {
                    continue;
                }
                let session = self.backends[store].session();
                let arrival = Arrival::new(worker, store, Stream::Tcp(stream), session);
                self.arrivals.push(arrival.leased(endpoint.lease));
                progress = true;
            }
        }
        for arrival in &mut self.arrivals {
            progress |= arrival.poll(context)?;
        }
        self.arrivals.retain(|arrival| !arrival.is_gone());
        let exclusive: Vec<ConnectionId> =
            self.connections.iter().filter(|other| other.excludes()).map(|other| other.id).collect();
        for connection in &mut self.connections {
            let excluded = exclusive.iter().any(|other| *other != connection.id);
            progress |= connection.poll(context, excluded)?;
        }
        Ok(progress)
    }

    /// Whether [`tend`](Self::tend) has something to do.
    #[must_use]
    pub fn needs_tending(&self) -> bool {
        self.arrivals.iter().any(Arrival::is_ready) || self.connections.iter().any(Connection::retires)
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
        while let Some(index) = self.arrivals.iter().position(Arrival::is_ready) {
            let arrival = self.arrivals.remove(index);
            self.receive(arrival).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, mut arrival: Arrival) -> Result<(), GateError> {
        let next = self.opened.entry(arrival.worker).or_insert(0);
        let id = ConnectionId { worker: arrival.worker, ordinal: *next };
        *next += 1;
        let Arrival { store, lease, .. } = arrival;
        match arrival.take_wish() {
            Wish::Connection(opening) => {
                let upstream = match self.take_warm(store, &opening) {
                    Some(upstream) => upstream,
                    None => self.backends[store].open(&opening).await?,
                };
                let Arrival { client, session, .. } = arrival;
                self.connections.push(Connection::new(id, store, client, upstream, session)?.leased(lease));
                self.connections.sort_by_key(|connection| connection.id);
            }
            Wish::Cancel { opening, key } => {
                self.cancellations.push(Cancellation { id, store, opening, key, _client: arrival.client });
            }
        }
        Ok(())
    }

    /// The warm connection with the lowest key that was opened with the same words, so that clients that come in the
    /// same order get the same connections in every execution; those that the store has closed meanwhile are
    /// dropped.
    fn take_warm(&mut self, store: usize, opening: &[u8]) -> Option<Upstream> {
        let warm = &mut self.warm[store];
        loop {
            let alike = warm.iter().enumerate().filter(|(_, upstream)| upstream.opening == opening);
            let (lowest, _) = alike.min_by_key(|(_, upstream)| upstream.key)?;
            let upstream = warm.swap_remove(lowest);
            if is_quiet(&upstream.stream) {
                return Some(upstream);
            }
        }
    }

    /// What may happen next, in canonical order; with `splits` also that a request is stopped half-way.
    ///
    /// While it is open which of several woken requests goes on first, nothing else may happen.
    #[must_use]
    pub fn options(&self, splits: bool) -> Vec<Choice> {
        let woken = |connection: &&Connection| matches!(connection.phase, Phase::Woken);
        let mut options: Vec<Choice> =
            self.connections.iter().filter(woken).map(|other| Choice::Wake(other.id)).collect();
        if !options.is_empty() {
            return options;
        }
        for connection in &self.connections {
            let id = connection.id;
            options.extend(connection.holds_step().then_some(Choice::Run(id)));
            options.extend(connection.holds_delivery().then_some(Choice::Deliver(id)));
            options.extend(matches!(connection.phase, Phase::Stopped).then_some(Choice::Resume(id)));
            let can_split = splits && connection.holds_split() && self.backends[connection.store].splits();
            options.extend(can_split.then_some(Choice::Split(id)));
        }
        options.extend(self.cancellations.iter().map(|cancellation| Choice::Run(cancellation.id)));
        options.extend(self.victims().map(Choice::Victim));
        options.sort();
        options
    }

    /// How `worker` stands at the gate.
    #[must_use]
    pub fn presence(&self, worker: WorkerId) -> Presence {
        let mut presence = Presence::default();
        for connection in self.connections.iter().filter(|connection| connection.is_used_by(worker)) {
            let is_stopped = matches!(connection.phase, Phase::Stopped | Phase::Woken);
            presence.held |= connection.holds_step() || connection.holds_delivery() || is_stopped;
            presence.blocked |= connection.blocked().is_some();
            presence.listening |= connection.listens();
            presence.busy |= connection.busy();
        }
        presence.held |= self.cancellations.iter().any(|cancellation| cancellation.id.worker == worker);
        presence.busy |= self.arrivals.iter().any(|arrival| arrival.worker == worker && arrival.is_ready());
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
}
