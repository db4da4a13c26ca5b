//! Owns [`Passage`]: one client and the store's connection behind it, between which everything passes at once.

use std::collections::VecDeque;
use std::task::Context as Polling;
use std::time::Instant;

use bytes::{Buf, Bytes};

use super::super::channel::Channel;
use super::super::{GateError, Upstream};
use super::lending::{Lent, Remnant, Returned};
use super::tape::Tape;
use super::timings::Timings;
use crate::id::ConnectionId;
use crate::wire::{ReplyClass, Request, RequestClass, Session};

/// One client's connection through the sluice.
pub(super) struct Passage {
    id: ConnectionId,
    store: usize,
    key: u64,
    opening: Bytes,
    greeting: Bytes,
    /// Whether another client may have the store's connection afterwards.
    shareable: bool,
    client: Channel,
    server: Channel,
    session: Box<dyn Session>,
    /// A command that was cut and waits for the release.
    held: Option<Request>,
    /// What the store has yet to answer, the oldest first.
    owed: VecDeque<Owed>,
    has_said_goodbye: bool,
    tape: Tape,
}

/// A request that was sent on.
struct Owed {
    sent: u64,
    /// What kind of command it is; `None` if it is none.
    kind: Option<usize>,
    /// Its entry on the tape, if it has one.
    entry: Option<usize>,
}

/// What a passage needs of its surroundings.
pub(super) struct Surface<'a> {
    pub(super) zero: Instant,
    pub(super) is_released: bool,
    pub(super) timings: &'a mut Timings,
}

impl Surface<'_> {
    fn now(&self) -> u64 {
        u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Passage {
    pub(super) fn new(
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
        let rest = Owed { sent: 0, kind: None, entry: None };
        Ok(Self {
            id,
            store,
            key: named.unwrap_or(key),
            opening,
            greeting,
            shareable: is_complete,
            client,
            server: Channel::new(stream),
            session,
            held: None,
            owed: (!is_complete).then_some(rest).into_iter().collect(),
            has_said_goodbye: false,
            tape: Tape::new(id, store),
        })
    }

    /// Moves bytes as far as possible without waiting.
    pub(super) fn poll(
        &mut self,
        polling: &mut Polling<'_>,
        surface: &mut Surface<'_>,
    ) -> Result<(), GateError> {
        self.client.poll_fill(polling);
        self.forward(surface)?;
        self.server.poll_drain(polling);
        if self.server.poll_fill(polling) {
            self.hand_back(surface)?;
            // What was not cut before may have waited for an answer.
            self.forward(surface)?;
            self.server.poll_drain(polling);
        }
        self.client.poll_drain(polling);
        Ok(())
    }

    /// Whether its client is gone, or the store has closed it and the client knows.
    pub(super) fn is_over(&self) -> bool {
        let is_left = (self.has_said_goodbye || self.client.closed()) && self.held.is_none();
        (is_left && !self.server.writing()) || (self.server.closed() && !self.client.writing())
    }

    /// Whether its first command waits for the release.
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Whether the store has a command to answer, or may say something unasked.
    pub(super) fn is_waiting(&self) -> bool {
        self.session.listens() || self.owed.iter().any(|owed| owed.kind.is_some())
    }

    /// Commands that were answered so far.
    pub(super) fn commands(&self) -> u64 {
        self.tape.commands
    }

    /// Closes the client's side; gives back what is left of the store's, and what went by. What others may notice of a client
    /// that is gone ends with it.
    pub(super) fn dismantle(self) -> (Returned, Tape) {
        let (store, key, stored_code) = (self.store, self.key, self.session.stored_code());
        let is_noticed = self.session.lingers() || self.session.listens();
        let is_idle = self.owed.is_empty() && self.held.is_none() && self.shareable && !is_noticed;
        let used = self.session.used();
        let (opening, greeting) = (self.opening, self.greeting);
        let whole = self.server.into_stream().filter(|_| is_idle);
        let whole = whole.and_then(|stream| Lent::pack(Upstream { stream, key, opening, greeting }).ok());
        let what = whole.map_or(Remnant::Closed { key }, |lent| Remnant::Whole { lent, used });
        (Returned { store, stored_code, what }, self.tape)
    }

    fn forward(&mut self, surface: &mut Surface<'_>) -> Result<(), GateError> {
        while let Some(request) = self.next_request()? {
            let is_command = matches!(request.class, RequestClass::Step { .. } | RequestClass::Queue);
            if is_command && !surface.is_released {
                self.held = Some(request);
                return Ok(());
            }
            let Request { length, class, context, .. } = request;
            let bytes = &self.client.input[..length];
            match class {
                RequestClass::Unsupported(reason) => {
                    let shown = self.session.show_request(bytes, context.as_ref());
                    let what = format!("{reason} (`{shown}`)");
                    return Err(GateError::Unsupported { connection: self.id, what });
                }
                RequestClass::Goodbye => {
                    self.has_said_goodbye = true;
                    self.client.input.clear();
                    return Ok(());
                }
                RequestClass::Part => {}
                RequestClass::Pass => {
                    self.owed.push_back(Owed { sent: 0, kind: None, entry: None });
                }
                RequestClass::Queue | RequestClass::Step { .. } => {
                    let verb = self.session.verb(bytes, context.as_ref());
                    let kind = Some(surface.timings.kind(self.store, &verb));
                    let sent = surface.now();
                    let entry = self.tape.send(sent, bytes, context);
                    self.owed.push_back(Owed { sent, kind, entry });
                }
            }
            self.server.send(bytes);
            self.client.input.advance(length);
        }
        Ok(())
    }

    fn next_request(&mut self) -> Result<Option<Request>, GateError> {
        if self.held.is_some() {
            return Ok(self.held.take());
        }
        if self.client.input.is_empty() || self.has_said_goodbye {
            return Ok(None);
        }
        self.session.request(&self.client.input).map_err(|source| GateError::client(self.id, source))
    }

    fn hand_back(&mut self, surface: &mut Surface<'_>) -> Result<(), GateError> {
        let now = surface.now();
        while !self.server.input.is_empty() {
            let cut = self.session.reply(&self.server.input);
            let Some(reply) = cut.map_err(|source| GateError::server(self.id, source))? else { break };
            let bytes = &self.server.input[..reply.length];
            if self.key == 0 {
                self.key = self.session.key().unwrap_or(0);
            }
            self.client.send(bytes);
            match reply.class {
                ReplyClass::Push => self.tape.message(now, bytes),
                ReplyClass::Aside | ReplyClass::Pong => {}
                ReplyClass::Part | ReplyClass::Complete => {
                    if let Some(entry) = self.owed.front().and_then(|owed| owed.entry) {
                        self.tape.hear(entry, bytes);
                    }
                    if let Some(code) = self.session.conflict(bytes) {
                        self.tape.conflict = Some(code);
                    }
                }
            }
            if reply.class == ReplyClass::Complete
                && let Some(Owed { sent, kind: Some(kind), entry }) = self.owed.pop_front()
            {
                surface.timings.add(kind, now.saturating_sub(sent));
                self.tape.commands += 1;
                if let Some(entry) = entry {
                    self.tape.answer(entry, now);
                }
            }
            self.server.input.advance(reply.length);
        }
        Ok(())
    }
}
