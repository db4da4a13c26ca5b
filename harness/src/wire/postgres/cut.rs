//! Owns finding where a unit of the client's messages ends that is forwarded at once; what it means is left
//! to `session`.
//!
//! A simple query is a unit. So are the messages of the extended protocol up to a `Sync` or `Flush`, since
//! the server answers no earlier; and all the data of a `COPY … FROM STDIN`, since the server says nothing in
//! between.

use super::frame::head;
use super::refusal::{kind, malformed, too_large};
use crate::wire::{Limits, WireError};

/// How the server takes the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It has not let the client in yet.
    Startup,
    /// As it comes.
    Ready,
    /// After an error in the extended protocol it ignores everything up to a `Sync`.
    Skipping,
    /// It reads the data of a `COPY`, and ignores `Sync` and `Flush` among them.
    Copying {
        /// Whether an `Execute` began it, so that the server waits for a `Sync` behind the data.
        extended: bool,
    },
}

/// What ends a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Sync,
    Flush,
    /// A simple query or a function call, whose answer ends as that of a `Sync` does.
    Query,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages of the extended protocol, or a simple query alone.
    Batch(End),
    /// What an earlier error makes the server ignore, and the `Sync` that ends this.
    Ignored,
    /// The data of a `COPY`, its end, and for the extended protocol the messages behind it.
    Copy(End),
    /// Data of a `COPY` that is over: the server ignores it.
    LateData,
    /// A password, or another answer to a question of the start-up.
    Password,
    Goodbye,
}

/// A unit at the front of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) length: usize,
    pub(super) kind: Kind,
}

/// Finds where the first unit of a growing buffer ends; looks at the head of each message once.
#[derive(Debug)]
pub(super) struct Cutter {
    limits: Limits,
    mode: Mode,
    /// Where the first message begins that was not whole.
    position: usize,
    /// How many messages are before it.
    messages: usize,
    /// Whether the end of the data of a `COPY` is among them.
    copied: bool,
}

impl Cutter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, mode: Mode::Ready, position: 0, messages: 0, copied: false }
    }

    /// The first unit, or `None` if more bytes are needed.
    pub(super) fn scan(&mut self, buffer: &[u8], mode: Mode) -> Result<Option<Unit>, WireError> {
        if self.mode != mode {
            self.restart();
            self.mode = mode;
        }
        let outcome = self.advance(buffer);
        if !matches!(outcome, Ok(None)) {
            self.restart();
        }
        outcome
    }

    fn restart(&mut self) {
        self.position = 0;
        self.messages = 0;
        self.copied = false;
    }

    fn advance(&mut self, buffer: &[u8]) -> Result<Option<Unit>, WireError> {
        loop {
            let rest = buffer.get(self.position..).unwrap_or_default();
            let Some(&tag) = rest.first() else { return Ok(None) };
            let ends = self.ends(tag)?;
            let Some(head) = head(rest, self.limits)? else { return Ok(None) };
            let end = self.position + head.length;
            if end > self.limits.message_bytes_max {
                return Err(too_large("bytes", end, self.limits.message_bytes_max));
            }
            if self.messages >= self.limits.elements_max {
                return Err(too_large("messages", self.messages + 1, self.limits.elements_max));
            }
            if buffer.len() < end {
                return Ok(None);
            }
            self.position = end;
            self.messages += 1;
            self.copied |= matches!(tag, b'c' | b'f');
            if let Some(kind) = ends {
                return Ok(Some(Unit { length: end, kind }));
            }
        }
    }

    /// What the unit is if a message with this tag ends it.
    fn ends(&self, tag: u8) -> Result<Option<Kind>, WireError> {
        match (self.mode, tag) {
            (_, b'X') => Ok(Some(Kind::Goodbye)),
            (Mode::Startup, b'p') => Ok(Some(Kind::Password)),
            (Mode::Skipping, b'S') => Ok(Some(Kind::Ignored)),
            (Mode::Skipping, b'P' | b'B' | b'D' | b'E' | b'C' | b'H' | b'Q' | b'F' | b'd' | b'c' | b'f') => {
                Ok(None)
            }
            (Mode::Copying { .. }, b'd' | b'S' | b'H') if !self.copied => Ok(None),
            (Mode::Copying { extended }, b'c' | b'f') if !self.copied => {
                Ok((!extended).then_some(Kind::Copy(End::Query)))
            }
            (Mode::Copying { .. }, _) if !self.copied => {
                Err(malformed(format!("a `COPY` awaits data, and the client sent {}", kind(tag))))
            }
            (Mode::Copying { .. }, _) => Ok(extended(tag)?.map(Kind::Copy)),
            (Mode::Ready, b'd' | b'c' | b'f') if self.messages == 0 => Ok(Some(Kind::LateData)),
            (Mode::Ready, _) => Ok(extended(tag)?.map(Kind::Batch)),
            (Mode::Startup | Mode::Skipping, _) => Err(unknown(tag)),
        }
    }

    /// How many bytes are known to belong to the unit.
    #[cfg(test)]
    pub(super) fn position(&self) -> usize {
        self.position
    }
}

/// Whether a message ends a batch. Late data is ignored by the server wherever it comes.
fn extended(tag: u8) -> Result<Option<End>, WireError> {
    match tag {
        b'S' => Ok(Some(End::Sync)),
        b'H' => Ok(Some(End::Flush)),
        b'Q' | b'F' => Ok(Some(End::Query)),
        b'P' | b'B' | b'D' | b'E' | b'C' | b'd' | b'c' | b'f' => Ok(None),
        _ => Err(unknown(tag)),
    }
}

fn unknown(tag: u8) -> WireError {
    malformed(format!("no request begins with {}", kind(tag)))
}

#[cfg(test)]
mod tests;
