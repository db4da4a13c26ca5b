//! Owns [`Connection`]: one client, the store's connection behind it, and the requests held between them.

use std::collections::VecDeque;
use std::task::Context;

use bytes::{Bytes, BytesMut};

use super::channel::Channel;
use super::{GateError, Stream, Upstream};
use crate::id::ConnectionId;
use crate::wire::{ReplyClass, RequestClass, Session, Wait};

/// Requests held at most before the client is left alone: back pressure, not an error.
const HELD_REQUESTS_MAX: usize = 100_000;

/// A request that waits at the gate.
#[derive(Debug)]
struct Held {
    bytes: Bytes,
    class: RequestClass,
}

/// Where the connection stands between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No step of it is at the store.
    Free,
    /// Its step is at the store, and the answer is awaited.
    AtStore,
    /// Its step is at the store, which said that it waits there.
    Blocked(Wait),
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
    client: Channel,
    server: Channel,
    session: Box<dyn Session>,
    held: VecDeque<Held>,
    /// Requests that were forwarded without a step and are not answered yet.
    passing: usize,
    /// Requests that were forwarded and belong to the next step.
    queued: Vec<Bytes>,
    pub(crate) phase: Phase,
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
    pub(crate) fn new(
        id: ConnectionId,
        store: usize,
        client: Stream,
        upstream: Upstream,
        session: Box<dyn Session>,
    ) -> Self {
        Self {
            id,
            store,
            key: upstream.key,
            client: Channel::new(client),
            server: Channel::new(upstream.stream),
            session,
            held: VecDeque::new(),
            passing: 0,
            queued: Vec::new(),
            phase: Phase::Free,
            reply: BytesMut::new(),
            deliveries: VecDeque::new(),
        }
    }

    /// Moves bytes as far as possible without waiting; `true` if anything moved.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Result<bool, GateError> {
        let mut progress = false;
        if self.held.len() < HELD_REQUESTS_MAX && self.client.poll_fill(context) {
            progress = true;
        }
        self.cut_requests()?;
        self.forward_passing();
        progress |= self.server.poll_drain(context);
        progress |= self.server.poll_fill(context);
        self.cut_replies()?;
        self.forward_passing();
        progress |= self.server.poll_drain(context);
        progress |= self.client.poll_drain(context);
        if self.server.closed() && matches!(self.phase, Phase::AtStore | Phase::Blocked(_)) {
            return Err(GateError::StoreClosed { connection: self.id });
        }
        Ok(progress)
    }

    /// Waits a short while for the answer of the step that is at the store.
    pub(crate) fn spin_for_answer(&mut self) -> Result<(), GateError> {
        while self.phase == Phase::AtStore && !self.server.writing() && self.server.spin_fill() {
            self.cut_replies()?;
        }
        Ok(())
    }

    fn cut_requests(&mut self) -> Result<(), GateError> {
        while self.held.len() < HELD_REQUESTS_MAX && !self.client.input.is_empty() {
            let cut = self.session.request(&self.client.input);
            let Some(request) = cut.map_err(|source| GateError::client(self.id, source))? else {
                break;
            };
            let bytes = self.client.take(request.length);
            if let RequestClass::Unsupported(reason) = request.class {
                let what = format!("{reason} (`{}`)", self.session.show_request(&bytes));
                return Err(GateError::Unsupported { connection: self.id, what });
            }
            self.held.push_back(Held { bytes, class: request.class });
        }
        Ok(())
    }

    /// Forwards the requests at the front that are no steps.
    fn forward_passing(&mut self) {
        while self.phase == Phase::Free {
            let passes = |held: &mut Held| matches!(held.class, RequestClass::Pass | RequestClass::Queue);
            let Some(held) = self.held.pop_front_if(passes) else {
                break;
            };
            self.server.send(&held.bytes);
            self.passing += 1;
            match held.class {
                RequestClass::Queue => self.queued.push(held.bytes),
                // Outside a transaction, or its end without a step.
                _ => self.queued.clear(),
            }
        }
    }

    fn cut_replies(&mut self) -> Result<(), GateError> {
        while !self.server.input.is_empty() {
            let cut = self.session.reply(&self.server.input);
            let Some(reply) = cut.map_err(|source| GateError::server(self.id, source))? else {
                break;
            };
            let bytes = self.server.take(reply.length);
            match reply.class {
                ReplyClass::Push => self.deliveries.push_back(bytes),
                ReplyClass::Part | ReplyClass::Complete if self.passing > 0 => {
                    self.client.send(&bytes);
                    self.passing -= usize::from(reply.class == ReplyClass::Complete);
                }
                ReplyClass::Part => self.reply.extend_from_slice(&bytes),
                ReplyClass::Complete => {
                    self.reply.extend_from_slice(&bytes);
                    self.phase = Phase::Answered;
                }
            }
        }
        Ok(())
    }

    /// Whether a request is held that may be released now.
    pub(crate) fn holds_step(&self) -> bool {
        self.phase == Phase::Free
            && self.passing == 0
            && matches!(self.held.front(), Some(Held { class: RequestClass::Step { .. }, .. }))
    }

    /// Whether a message of the store waits to be delivered.
    pub(crate) fn holds_delivery(&self) -> bool {
        !self.deliveries.is_empty()
    }

    /// Whether the store may send messages that nobody asked for.
    pub(crate) fn listens(&self) -> bool {
        self.session.listens()
    }

    /// Whether bytes are under way that will move by themselves.
    pub(crate) fn busy(&self) -> bool {
        self.passing > 0 || self.client.writing() || self.server.writing()
    }

    /// Whether its request waits in the store, and how long it may.
    pub(crate) fn blocked(&self) -> Option<Wait> {
        match self.phase {
            Phase::Blocked(wait) => Some(wait),
            _ => None,
        }
    }

    /// Whether a message of the store is only partly here.
    pub(crate) fn partly_received(&self) -> bool {
        !self.server.input.is_empty()
    }

    /// Whether this connection is over. Either the client is gone and nothing that it sent is left to be
    /// done (a request that waits in the store ends with its client), or the store has closed it between two
    /// requests (`QUIT`, another client's `CLIENT KILL`) and the client has all that was said before.
    pub(crate) fn retires(&self) -> bool {
        let done = self.held.is_empty() && self.passing == 0;
        let left = self.client.closed() && done && matches!(self.phase, Phase::Free | Phase::Blocked(_));
        let closed = self.server.closed() && self.phase == Phase::Free && !self.client.writing();
        left || closed
    }

    pub(crate) fn through_kernel(&self) -> bool {
        self.client.through_kernel()
    }

    pub(crate) fn stored_code(&self) -> bool {
        self.session.stored_code()
    }

    /// Sends the held request at the front to the store; returns what was queued for it, its bytes, and
    /// whether it may legally wait in the store.
    pub(crate) fn release(&mut self) -> (Vec<Bytes>, Bytes, Wait) {
        assert!(self.holds_step(), "only a held request is released");
        let held = self.held.pop_front().expect("holds_step saw it");
        let RequestClass::Step { wait } = held.class else { unreachable!("holds_step saw a step") };
        self.server.send(&held.bytes);
        self.phase = Phase::AtStore;
        (std::mem::take(&mut self.queued), held.bytes, wait)
    }

    /// Hands the held answer to the client, and returns it.
    pub(crate) fn hand_over_reply(&mut self) -> Bytes {
        assert_eq!(self.phase, Phase::Answered, "only a complete answer is handed over");
        let reply = self.reply.split().freeze();
        self.client.send(&reply);
        self.phase = Phase::Free;
        reply
    }

    /// Hands the oldest delivery to the client, and returns it.
    pub(crate) fn deliver(&mut self) -> Bytes {
        let message = self.deliveries.pop_front().expect("only a held delivery is delivered");
        self.client.send(&message);
        message
    }

    /// Closes the client's side and gives back what is left.
    pub(crate) fn dismantle(self) -> Remains {
        let idle = self.phase == Phase::Free && self.passing == 0;
        let (key, used) = (self.key, self.session.used());
        match self.server.into_stream() {
            Some(stream) if idle => Remains::Reusable { upstream: Upstream { stream, key }, used },
            _ => Remains::Broken { key },
        }
    }
}
