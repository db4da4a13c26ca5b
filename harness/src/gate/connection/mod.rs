//! Owns [`Connection`]: one client, the store's connection behind it, and how bytes move between them.
//!
//! What is held on the way to the store is in `requests`, what comes back in `replies`.

mod replies;
mod requests;

use std::collections::VecDeque;
use std::task::Context as Polling;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

pub use replies::Answer;
pub(crate) use requests::Released;
use requests::{HELD_REQUESTS_MAX, Held};

use super::channel::Channel;
use super::{GateError, Lease, Upstream};
use crate::id::{ConnectionId, WorkerId};
use crate::wire::{Context, Limiting, Session, Wait};

/// Where the connection stands between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No step of it is at the store.
    Free,
    /// Its step is at the store, and the answer is awaited.
    AtStore,
    /// Its step is at the store, which said that it waits there.
    Blocked,
    /// Its step was split and has stopped before its first row.
    Stopped,
    /// Its step has waited in the store and is held now that the wait is over.
    Woken,
    /// The answer is here and is held until the step is over.
    Answered,
}

/// One client's connection through the gate.
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    /// Which of the gate's backends it leads to.
    pub(crate) store: usize,
    /// The store's own name for the connection behind it.
    pub(crate) key: u64,
    /// For how long it is open, and whose it is.
    pub(crate) lease: Lease,
    /// Whether it is known for whom it does what it does, where that changes.
    is_claimed: bool,
    opening: Bytes,
    greeting: Bytes,
    /// Whether another client may have the store's connection afterwards.
    shareable: bool,
    client: Channel,
    server: Channel,
    session: Box<dyn Session>,
    held: VecDeque<Held>,
    /// Requests that were forwarded without a step and are not answered yet.
    passing: usize,
    /// Pings that are not answered yet.
    pings: usize,
    /// Requests that were forwarded and belong to the next step.
    queued: Vec<Bytes>,
    /// What the request at the store refers to.
    context: Option<Context>,
    /// Whether and how long the request at the store may wait there.
    wait: Wait,
    /// When it was sent there, by the clock that stores share (time since the UNIX epoch).
    pub(crate) sent_at: Duration,
    /// What the requests that were forwarded and belong to the next step may do to limits.
    queued_limiting: Limiting,
    pub(crate) phase: Phase,
    /// Whom its request waits for, in the store's own names.
    pub(crate) blocked_by: Vec<u64>,
    /// The gate's count of moves when it began to wait.
    pub(crate) blocked_at: u64,
    /// Whether it may be the victim of a deadlock: it was chosen, or the store saw the deadlock when it was about to
    /// wait.
    pub(crate) may_be_victim: bool,
    /// Whether its next request stops half-way.
    pub(crate) is_armed: bool,
    /// Whether its client is to see the connection end instead of the next answer.
    pub(crate) loses_reply: bool,
    reply: BytesMut,
    deliveries: VecDeque<Bytes>,
}

/// What is left of a connection whose client is gone.
pub(crate) enum Remains {
    /// The store's connection, with nothing under way on it.
    Reusable { upstream: Upstream, used: bool },
    /// Only its name: something was under way.
    Broken { key: u64 },
}

impl Connection {
    /// The connection of a client that has said `opening`, or nothing if its protocol asks for nothing.
    pub(crate) fn new(
        id: ConnectionId,
        store: usize,
        mut client: Channel,
        upstream: Upstream,
        mut session: Box<dyn Session>,
    ) -> Result<Self, GateError> {
        let Upstream { stream, key, opening, greeting } = upstream;
        let named = session.greeted(&greeting).map_err(|source| GateError::server(id, source))?;
        client.send(&greeting);
        let is_complete = greeting.is_empty() || named.is_some();
        Ok(Self {
            id,
            store,
            key: named.unwrap_or(key),
            lease: Lease::Execution,
            is_claimed: false,
            opening,
            greeting,
            shareable: is_complete,
            client,
            server: Channel::new(stream),
            session,
            held: VecDeque::new(),
            passing: usize::from(!is_complete),
            pings: 0,
            queued: Vec::new(),
            context: None,
            wait: Wait::Never,
            sent_at: Duration::ZERO,
            queued_limiting: Limiting::Nothing,
            phase: Phase::Free,
            blocked_by: Vec::new(),
            blocked_at: 0,
            may_be_victim: false,
            is_armed: false,
            loses_reply: false,
            reply: BytesMut::new(),
            deliveries: VecDeque::new(),
        })
    }

    /// The same, for as long as `lease` says.
    pub(crate) fn leased(self, lease: Lease) -> Self {
        Self { lease, ..self }
    }

    /// Whether it is `worker`'s at the moment.
    pub(crate) fn is_used_by(&self, worker: WorkerId) -> bool {
        self.id.worker == worker && (self.lease != Lease::Common || self.is_claimed)
    }

    /// Whether it holds something of which it is not known yet for whom it is.
    pub(crate) fn is_unclaimed(&self) -> bool {
        self.lease == Lease::Common && !self.is_claimed && self.holds_step()
    }

    /// From now on it is what `id` says.
    pub(crate) fn claim(&mut self, id: ConnectionId) {
        (self.id, self.is_claimed) = (id, true);
    }

    /// Its last request is answered: what comes next may be for somebody else, unless the store keeps something for it.
    pub(super) fn disclaim(&mut self) {
        self.is_claimed = self.session.lingers();
    }

    /// Whether it may stay open when an execution ends: its client is there, and nothing is under way or kept for it.
    pub(crate) fn may_stay(&self) -> bool {
        let is_idle =
            self.phase == Phase::Free && self.passing == 0 && self.pings == 0 && self.held.is_empty();
        let is_open = self.shareable && !self.client.closed() && !self.server.closed();
        let is_empty = self.client.input.is_empty() && !self.client.writing() && self.deliveries.is_empty();
        is_idle && is_open && is_empty && !self.lingers() && !self.listens()
    }

    /// It begins another execution as `id`.
    pub(crate) fn begin_anew(&mut self, id: ConnectionId) {
        (self.id, self.is_claimed, self.loses_reply) = (id, false, false);
        self.queued.clear();
        self.queued_limiting = Limiting::Nothing;
    }

    /// Moves bytes as far as possible without waiting; `true` if anything moved. While `excluded`, requests that are
    /// no steps are held like those that are.
    pub(crate) fn poll(&mut self, polling: &mut Polling<'_>, excluded: bool) -> Result<bool, GateError> {
        let mut progress = false;
        if self.held.len() < HELD_REQUESTS_MAX && self.client.poll_fill(polling) {
            progress = true;
        }
        self.cut_requests()?;
        self.forward_passing(excluded);
        progress |= self.server.poll_drain(polling);
        progress |= self.server.poll_fill(polling);
        self.cut_replies()?;
        self.forward_passing(excluded);
        progress |= self.server.poll_drain(polling);
        progress |= self.client.poll_drain(polling);
        if self.server.closed() && self.is_at_store() {
            // The last words of a store that closes the connection are the answer.
            if self.reply.is_empty() {
                return Err(GateError::StoreClosed { connection: self.id });
            }
            self.phase = Phase::Answered;
        }
        Ok(progress)
    }

    /// Waits up to `limit` for the answer of the step that is at the store.
    pub(crate) fn spin_for_answer(&mut self, limit: Duration) -> Result<(), GateError> {
        while self.phase == Phase::AtStore && !self.server.writing() && self.server.spin_fill(limit) {
            self.cut_replies()?;
        }
        Ok(())
    }

    /// Whether the store has something to answer that is no step.
    pub(crate) fn is_passing(&self) -> bool {
        self.passing > 0 && !self.server.writing()
    }

    /// Waits up to `limit` for an answer to what is no step; `true` if something came.
    pub(crate) fn spin_for_passing(&mut self, limit: Duration) -> Result<bool, GateError> {
        let has_come = self.is_passing() && self.server.spin_fill(limit);
        if has_come {
            self.cut_replies()?;
        }
        Ok(has_come)
    }

    /// Whether a step of it is at the store, wherever it stands there.
    pub(crate) fn is_at_store(&self) -> bool {
        matches!(self.phase, Phase::AtStore | Phase::Blocked | Phase::Stopped | Phase::Woken)
    }

    /// Whether the store may send messages that nobody asked for.
    pub(crate) fn listens(&self) -> bool {
        self.session.listens()
    }

    /// Whether others may notice its end.
    pub(crate) fn lingers(&self) -> bool {
        self.session.lingers()
    }

    /// Whether it keeps even those requests of others waiting that are no steps.
    pub(crate) fn excludes(&self) -> bool {
        self.session.excludes()
    }

    /// Whether bytes are under way that will move by themselves.
    pub(crate) fn busy(&self) -> bool {
        self.passing > 0 || self.pings > 0 || self.client.writing() || self.server.writing()
    }

    /// Whether and how long the request at the store may wait there.
    pub(crate) fn wait(&self) -> Wait {
        self.wait
    }

    /// Whether its request waits in the store, and how long it may.
    pub(crate) fn blocked(&self) -> Option<Wait> {
        (self.phase == Phase::Blocked).then_some(self.wait)
    }

    /// Whether this connection is over. Either the client is gone and nothing that it sent is left to be
    /// done (a request that waits in the store ends with its client), or the store has closed it between two
    /// requests (`QUIT`, another client's `CLIENT KILL`) and the client has all that was said before.
    pub(crate) fn retires(&self) -> bool {
        let is_done = self.is_left() && self.passing == 0 && !self.leaves();
        let left = is_done && matches!(self.phase, Phase::Free | Phase::Blocked);
        let closed = self.server.closed() && self.phase == Phase::Free && !self.client.writing();
        left || closed
    }

    /// Whether the store has closed it.
    pub(crate) fn is_closed_by_store(&self) -> bool {
        self.server.closed()
    }

    pub(crate) fn through_kernel(&self) -> bool {
        self.client.through_kernel()
    }

    pub(crate) fn stored_code(&self) -> bool {
        self.session.stored_code()
    }

    /// The code under which the store gave a request up because of other clients.
    pub(crate) fn conflict(&self, reply: &[u8]) -> Option<String> {
        self.session.conflict(reply)
    }

    /// Closes the client's side and gives back what is left.
    pub(crate) fn dismantle(self) -> Remains {
        let is_idle = self.phase == Phase::Free && self.passing == 0 && self.pings == 0 && self.shareable;
        let (key, used) = (self.key, self.session.used());
        match self.server.into_stream() {
            Some(stream) if is_idle => {
                let (opening, greeting) = (self.opening, self.greeting);
                Remains::Reusable { upstream: Upstream { stream, key, opening, greeting }, used }
            }
            _ => Remains::Broken { key },
        }
    }

    /// Closes the store's side at once, as the end of the client's process does; returns the name that it had and
    /// the client's goodbye (nothing if it just vanished).
    pub(crate) fn vanish(mut self) -> (u64, Bytes) {
        let goodbye = self.held.pop_front().map_or_else(Bytes::new, |held| held.bytes);
        (self.key, goodbye)
    }
}
