//! Owns finding the end of a server's message; values are left to [`Value`](super::Value).

use super::cursor::{Cursor, Room};
use super::head::{self, Aggregate, Body, Head};
use super::refusal::{malformed, too_large};
use crate::wire::{Limits, WireError};

/// Finds where the first message of a growing buffer ends, without building values.
///
/// Work is remembered between calls: a message costs time in proportion to its lines, however its
/// bytes arrive, and long strings are jumped over. What it accepts, [`decode`](super::decode) reads.
///
/// ```
/// use raceproof::wire::{Limits, redis::Scanner};
/// let mut scanner = Scanner::new(Limits::default());
/// assert_eq!(scanner.scan(b"$5\r\nhel"), Ok(None));
/// assert_eq!(scanner.scan(b"$5\r\nhello\r\n+OK\r\n").map(|frame| frame.map(|it| it.length)), Ok(Some(11)));
/// ```
#[derive(Debug)]
pub struct Scanner {
    limits: Limits,
    cursor: Cursor,
    /// The aggregates that are not whole yet, outermost first.
    open: Vec<Open>,
    /// Elements that the message has announced so far.
    elements: u64,
    body: Option<Announced>,
    /// An attribute was just read, so what it describes must follow.
    described: bool,
    value_at: usize,
}

/// A whole message at the front of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the message.
    pub length: usize,
    /// Where its value begins: behind the attributes, usually 0.
    pub value_at: usize,
}

/// An aggregate of which `remaining` elements are still to come, at least 1.
#[derive(Debug)]
struct Open {
    kind: Aggregate,
    remaining: u64,
}

/// A text of known length that may not have arrived: `\r\n` is due at `end`.
#[derive(Debug, Clone, Copy)]
struct Announced {
    kind: Body,
    start: usize,
    end: usize,
}

impl Scanner {
    /// A scanner at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let open = Vec::with_capacity(limits.depth_max.min(Limits::default().depth_max));
        Self {
            limits,
            cursor: Cursor::default(),
            open,
            elements: 0,
            body: None,
            described: false,
            value_at: 0,
        }
    }

    /// The first message of `buffer`, or `None` if more bytes are needed.
    ///
    /// After `None` the caller comes back with the same bytes and more behind them; after a frame, with
    /// the frame's bytes removed.
    ///
    /// # Errors
    /// [`WireError`] if the bytes are no message or exceed a limit; the stream cannot be followed further.
    pub fn scan(&mut self, buffer: &[u8]) -> Result<Option<Frame>, WireError> {
        let outcome = self.advance(buffer);
        if !matches!(outcome, Ok(None)) {
            self.cursor.reset();
            self.open.clear();
            self.elements = 0;
            self.body = None;
            self.described = false;
            self.value_at = 0;
        }
        outcome
    }

    fn advance(&mut self, buffer: &[u8]) -> Result<Option<Frame>, WireError> {
        loop {
            let whole = match self.body {
                Some(body) => {
                    if !self.pass_body(buffer, body)? {
                        return Ok(None);
                    }
                    true
                }
                None => match self.line(buffer)? {
                    Some(head) => self.enter(head)?,
                    None => return Ok(None),
                },
            };
            if whole && self.close() {
                return Ok(Some(Frame { length: self.cursor.position, value_at: self.value_at }));
            }
        }
    }

    fn line<'b>(&mut self, buffer: &'b [u8]) -> Result<Option<Head<'b>>, WireError> {
        let Some(&kind) = buffer.get(self.cursor.position) else { return Ok(None) };
        let room = Room {
            message_bytes_max: self.limits.message_bytes_max,
            line_bytes_max: head::line_bytes_max(kind)?,
            otherwise: "a length or number has too many digits",
        };
        self.cursor.line(buffer, room)?.map(Head::parse).transpose()
    }

    /// Takes note of what a line announces; `true` if the line alone is a whole value.
    fn enter(&mut self, head: Head<'_>) -> Result<bool, WireError> {
        let described = std::mem::take(&mut self.described);
        match head {
            Head::Aggregate { kind: Aggregate::Attribute, .. } if described => {
                Err(malformed("an attribute describes another attribute"))
            }
            Head::Body { kind, length } => {
                self.body = Some(self.announce(kind, length)?);
                Ok(false)
            }
            Head::Aggregate { kind, elements } => self.open(kind, elements),
            _ => Ok(true),
        }
    }

    fn announce(&self, kind: Body, length: u64) -> Result<Announced, WireError> {
        let start = self.cursor.position;
        let end = end_of_text(start, length, self.limits.message_bytes_max)?;
        Ok(Announced { kind, start, end })
    }

    fn open(&mut self, kind: Aggregate, elements: u64) -> Result<bool, WireError> {
        if kind == Aggregate::Push && !self.open.is_empty() {
            return Err(malformed("a push message inside another value"));
        }
        if self.open.len() >= self.limits.depth_max {
            return Err(too_large("levels", self.open.len() as u64 + 1, self.limits.depth_max));
        }
        self.elements = self.elements.saturating_add(elements);
        if self.elements > self.limits.elements_max as u64 {
            return Err(too_large("elements", self.elements, self.limits.elements_max));
        }
        if elements > 0 {
            self.open.push(Open { kind, remaining: elements });
            return Ok(false);
        }
        if kind == Aggregate::Attribute {
            self.leave_attribute();
        }
        Ok(kind != Aggregate::Attribute)
    }

    /// Jumps over a text; `false` if it is not all there.
    fn pass_body(&mut self, buffer: &[u8], body: Announced) -> Result<bool, WireError> {
        if !text_is_whole(buffer, body.end)? {
            return Ok(false);
        }
        if body.kind == Body::Verbatim && buffer[body.start + 3] != b':' {
            return Err(malformed("a verbatim string has no `:` after its format"));
        }
        self.cursor.jump(body.end + 2);
        self.body = None;
        Ok(true)
    }

    /// Counts a whole value in the aggregates around it; `true` if the message is whole.
    fn close(&mut self) -> bool {
        while let Some(innermost) = self.open.last_mut() {
            innermost.remaining -= 1;
            if innermost.remaining > 0 {
                return false;
            }
            let kind = innermost.kind;
            self.open.pop();
            if kind == Aggregate::Attribute {
                self.leave_attribute();
                return false;
            }
        }
        true
    }

    /// The value that an attribute describes begins here.
    fn leave_attribute(&mut self) {
        self.described = true;
        if self.open.is_empty() {
            self.value_at = self.cursor.position;
        }
    }

    /// How many bytes were looked at so far.
    #[cfg(test)]
    pub(super) fn visited(&self) -> usize {
        self.cursor.visited
    }
}

/// Where a text of `length` bytes ends that starts at `start`, its `\r\n` not counted.
pub(super) fn end_of_text(start: usize, length: u64, message_bytes_max: usize) -> Result<usize, WireError> {
    let needed = (start as u64).saturating_add(length).saturating_add(2);
    match usize::try_from(needed) {
        Ok(all) if all <= message_bytes_max => Ok(all - 2),
        _ => Err(too_large("bytes", needed, message_bytes_max)),
    }
}

/// Whether the `\r\n` at `end` is there; an error if something else is.
pub(super) fn text_is_whole(buffer: &[u8], end: usize) -> Result<bool, WireError> {
    match buffer.get(end..end + 2) {
        None => Ok(false),
        Some(b"\r\n") => Ok(true),
        Some(_) => Err(malformed("a string is longer than announced")),
    }
}

#[cfg(test)]
mod tests;
