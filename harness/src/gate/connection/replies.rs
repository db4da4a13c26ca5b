//! Owns the way of the store's words to the client: replies, held until their step is over, and deliveries.

use bytes::Bytes;

use super::{Connection, GateError, Phase};
use crate::id::Word;
use crate::wire::{Context, ReplyClass};

/// An answer that was handed to its client.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its bytes.
    pub bytes: Bytes,
    /// What its request referred to.
    pub context: Option<Context>,
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Answer {}

impl Connection {
    /// Hands the held answer to the client, unless it is to be lost, and returns it.
    pub(crate) fn hand_over_reply(&mut self) -> Answer {
        assert_eq!(self.phase, Phase::Answered, "only a complete answer is handed over");
        let bytes = self.reply.split().freeze();
        if !self.loses_reply {
            self.client.send(&bytes);
        }
        self.phase = Phase::Free;
        self.blocked_by.clear();
        self.may_be_victim = false;
        self.disclaim();
        Answer { bytes, context: self.context.take() }
    }

    /// Takes `answer` for the store's.
    pub(crate) fn make_up(&mut self, answer: &[u8]) -> Result<(), GateError> {
        let mut rest = answer;
        while !rest.is_empty() {
            let cut = self.session.reply(rest);
            let reply = cut.map_err(|source| GateError::server(self.id, source))?;
            rest = &rest[reply.expect("an answer that is made up is whole").length..];
        }
        self.tell_instead(answer);
        Ok(())
    }

    /// Replaces the answer that is here, if one is.
    pub(crate) fn tell_instead(&mut self, answer: &[u8]) {
        self.reply.clear();
        self.reply.extend_from_slice(answer);
        self.phase = Phase::Answered;
    }

    /// Tells the answer that is here without what shows how it was brought about.
    pub(crate) fn clean(&mut self, code: Word) {
        let cleaned = self.session.cleaned(code, &self.reply);
        self.tell_instead(&cleaned);
    }

    /// Hands the oldest delivery to the client, and returns it.
    pub(crate) fn deliver(&mut self) -> Bytes {
        let message = self.deliveries.pop_front().expect("only a held delivery is delivered");
        self.client.send(&message);
        message
    }

    /// Whether a message of the store waits to be delivered.
    pub(crate) fn holds_delivery(&self) -> bool {
        !self.deliveries.is_empty()
    }

    /// Whether a message of the store is only partly here.
    pub(crate) fn partly_received(&self) -> bool {
        !self.server.input.is_empty()
    }

    /// Asks for everything that the store has to say to this connection; `true` if an answer will tell that it is
    /// all here.
    pub(crate) fn ping(&mut self) -> bool {
        let is_idle = self.phase == Phase::Free && self.passing == 0 && !self.server.closed();
        let Some(bytes) = (if is_idle { self.session.ping() } else { None }) else { return false };
        self.server.send(&bytes);
        self.pings += 1;
        true
    }

    /// Whether the store has yet to answer a ping.
    pub(crate) fn is_pinged(&self) -> bool {
        self.pings > 0 && !self.server.closed()
    }

    /// Whether the answer that is here says that the request was given up to break a deadlock.
    pub(crate) fn breaks_deadlock(&self) -> bool {
        self.session.breaks_deadlock(&self.reply)
    }

    pub(super) fn cut_replies(&mut self) -> Result<(), GateError> {
        while !self.server.input.is_empty() {
            let cut = self.session.reply(&self.server.input);
            let Some(reply) = cut.map_err(|source| GateError::server(self.id, source))? else {
                break;
            };
            let bytes = self.server.take(reply.length);
            if self.key == 0 {
                self.key = self.session.key().unwrap_or(0);
            }
            match reply.class {
                ReplyClass::Push => self.deliveries.push_back(bytes),
                ReplyClass::Aside => self.client.send(&bytes),
                ReplyClass::Pong => self.pings = self.pings.saturating_sub(1),
                ReplyClass::Part | ReplyClass::Complete if self.passing > 0 => {
                    self.client.send(&bytes);
                    self.passing -= usize::from(reply.class == ReplyClass::Complete);
                }
                // The store's last words on a connection whose request is still held.
                ReplyClass::Part | ReplyClass::Complete if !self.is_at_store() => self.client.send(&bytes),
                ReplyClass::Part => self.reply.extend_from_slice(&bytes),
                ReplyClass::Complete => {
                    self.reply.extend_from_slice(&bytes);
                    self.phase = Phase::Answered;
                }
            }
        }
        Ok(())
    }
}
