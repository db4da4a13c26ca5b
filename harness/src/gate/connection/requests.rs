//! Owns the way of a client's requests to the store: cut, held, and sent as steps or between them.

use std::time::Duration;

use bytes::Bytes;

use super::{Connection, GateError, Phase};
use crate::id::Word;
use crate::wire;
use crate::wire::{Context, Injected, Limiting, RequestClass, Wait};

/// Requests held at most before the client is left alone: back pressure, not an error.
pub(super) const HELD_REQUESTS_MAX: usize = 100_000;

/// A request that waits at the gate.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) class: RequestClass,
    splits: bool,
    limiting: Limiting,
    context: Option<Context>,
}

/// A request that was sent on to the store as a step.
#[derive(Debug)]
pub(crate) struct Released {
    /// Requests that had been forwarded before and belong to this step.
    pub(crate) queued: Vec<Bytes>,
    pub(crate) request: Bytes,
    pub(crate) context: Option<Context>,
    /// What all of it may do to limits.
    pub(crate) limiting: Limiting,
}

impl Connection {
    /// Sends the held request at the front to the store, where it is `now`.
    pub(crate) fn release(&mut self, now: Duration) -> Released {
        assert!(self.holds_step() && !self.leaves(), "only a held request is released");
        self.sent_at = now;
        let Held { bytes, class, context, limiting, .. } = self.held.pop_front().expect("holds_step saw it");
        self.wait = match class {
            RequestClass::Step { wait } => wait,
            _ => Wait::Forever,
        };
        self.server.send(&bytes);
        self.phase = Phase::AtStore;
        self.context.clone_from(&context);
        let limiting = limiting.max(std::mem::take(&mut self.queued_limiting));
        Released { queued: std::mem::take(&mut self.queued), request: bytes, context, limiting }
    }

    /// Whether a request is held that may be released now; a request that is no step is held only while another
    /// connection [excludes](crate::wire::Session::excludes) it.
    pub(crate) fn holds_step(&self) -> bool {
        let is_ready = self.phase == Phase::Free && self.passing == 0;
        is_ready
            && (self.leaves() || matches!(self.front(), Some(RequestClass::Step { .. } | RequestClass::Pass)))
    }

    /// Whether a request is held that is a step of its own, and neither a goodbye nor what is held only for a while.
    pub(crate) fn holds_request(&self) -> bool {
        self.holds_step() && !self.leaves() && matches!(self.front(), Some(RequestClass::Step { .. }))
    }

    /// Takes the held request at the front out, with what was forwarded for it; it is not sent.
    pub(crate) fn withhold(&mut self) -> Option<Released> {
        let Held { bytes, context, limiting, .. } = self.held.pop_front()?;
        let limiting = limiting.max(std::mem::take(&mut self.queued_limiting));
        Some(Released { queued: std::mem::take(&mut self.queued), request: bytes, context, limiting })
    }

    /// The request at the front, with what was forwarded for it and what it refers to.
    pub(crate) fn held_request(&self) -> Option<(&[Bytes], &Bytes, Option<&Context>)> {
        let held = self.held.front()?;
        Some((&self.queued, &held.bytes, held.context.as_ref()))
    }

    /// The errors with which the held request may be answered.
    pub(crate) fn errors(&self) -> Vec<Word> {
        match self.held.front() {
            Some(held) if self.holds_request() => {
                self.session.errors(&self.queued, &held.bytes, held.context.as_ref())
            }
            _ => Vec::new(),
        }
    }

    /// Takes the held request out, to be answered with an error in the way that is returned.
    pub(crate) fn refuse(&mut self, code: Word) -> Option<(Released, Injected)> {
        let held = self.held.front()?;
        let injected = self.session.inject(&held.bytes, held.context.as_ref(), code);
        let withheld = self.withhold()?;
        self.context.clone_from(&withheld.context);
        self.wait = Wait::Never;
        // If it is the error of a deadlock, then of one that was chosen.
        self.may_be_victim = true;
        Some((withheld, injected))
    }

    /// Sends the store `bytes` as the step of this connection.
    pub(crate) fn send_instead(&mut self, bytes: &[u8]) {
        self.server.send(bytes);
        self.phase = Phase::AtStore;
    }

    /// Whether the held request can be stopped half-way.
    pub(crate) fn holds_split(&self) -> bool {
        self.holds_step() && self.held.front().is_some_and(|held| held.splits)
    }

    /// Whether the next thing to release is the end of the connection, which others may notice.
    pub(crate) fn leaves(&self) -> bool {
        let is_free = self.phase == Phase::Free && self.passing == 0 && !self.server.closed();
        is_free && self.is_left() && self.session.lingers()
    }

    /// Whether the client has said goodbye or is gone, and everything that it sent before was sent on.
    pub(crate) fn is_left(&self) -> bool {
        match self.front() {
            Some(class) => *class == RequestClass::Goodbye,
            None => self.client.closed(),
        }
    }

    pub(super) fn cut_requests(&mut self) -> Result<(), GateError> {
        while self.held.len() < HELD_REQUESTS_MAX && !self.client.input.is_empty() {
            let cut = self.session.request(&self.client.input);
            let Some(request) = cut.map_err(|source| GateError::client(self.id, source))? else {
                break;
            };
            let bytes = self.client.take(request.length);
            if let RequestClass::Unsupported(reason) = request.class {
                let shown = self.session.show_request(&bytes, request.context.as_ref());
                return Err(GateError::Unsupported {
                    connection: self.id,
                    what: format!("{reason} (`{shown}`)"),
                });
            }
            let wire::Request { class, splits, limiting, context, .. } = request;
            self.held.push_back(Held { bytes, class, splits, limiting, context });
        }
        Ok(())
    }

    /// Forwards the requests at the front that are no steps.
    pub(super) fn forward_passing(&mut self, excluded: bool) {
        while self.phase == Phase::Free {
            let passes = |held: &mut Held| match held.class {
                RequestClass::Pass => !excluded,
                RequestClass::Queue | RequestClass::Part => true,
                _ => false,
            };
            let Some(held) = self.held.pop_front_if(passes) else {
                break;
            };
            self.server.send(&held.bytes);
            match held.class {
                RequestClass::Part => {}
                RequestClass::Queue => {
                    self.passing += 1;
                    self.queued.push(held.bytes);
                    self.queued_limiting = self.queued_limiting.max(held.limiting);
                }
                // Outside a transaction, or its end without a step.
                _ => {
                    self.passing += 1;
                    self.queued.clear();
                    self.queued_limiting = Limiting::Nothing;
                }
            }
        }
    }

    pub(super) fn front(&self) -> Option<&RequestClass> {
        self.held.front().map(|held| &held.class)
    }
}
