//! Owns finding the end of a client's request; its arguments are left to [`Arguments`](super::Arguments).

use super::cursor::{Cursor, Room};
use super::head::{Aggregate, Body, HEAD_BYTES_MAX, Head};
use super::inline::{INLINE_BYTES_MAX, words};
use super::refusal::{excerpt, malformed, too_large};
use super::scanner::{end_of_text, text_is_whole};
use crate::wire::{Limits, WireError};

/// Finds where the first request of a growing buffer ends: an array of bulk strings, or a line.
///
/// Redis skips empty lines and arrays without answering; here they belong to the request behind them,
/// so that every request has an answer.
#[derive(Debug)]
pub(super) struct RequestScanner {
    limits: Limits,
    cursor: Cursor,
    /// Arguments of the array that are still to come.
    arguments: u64,
    /// Where the argument that is not whole yet ends.
    body_end: Option<usize>,
}

impl RequestScanner {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, cursor: Cursor::default(), arguments: 0, body_end: None }
    }

    /// The length of the first request, or `None` if more bytes are needed.
    ///
    /// The caller comes back as with [`Scanner::scan`](super::Scanner::scan).
    pub(super) fn scan(&mut self, buffer: &[u8]) -> Result<Option<usize>, WireError> {
        let outcome = self.advance(buffer);
        if !matches!(outcome, Ok(None)) {
            self.cursor.reset();
            self.arguments = 0;
            self.body_end = None;
        }
        outcome
    }

    fn advance(&mut self, buffer: &[u8]) -> Result<Option<usize>, WireError> {
        loop {
            let step = if let Some(end) = self.body_end {
                self.pass_body(buffer, end)?
            } else if self.arguments > 0 {
                self.argument(buffer)?
            } else {
                match buffer.get(self.cursor.position) {
                    None => Progress::Waits,
                    Some(b'*') => self.array(buffer)?,
                    Some(_) => self.inline(buffer)?,
                }
            };
            match step {
                Progress::Moved => {}
                Progress::Waits => return Ok(None),
                Progress::Whole => return Ok(Some(self.cursor.position)),
            }
        }
    }

    fn array(&mut self, buffer: &[u8]) -> Result<Progress, WireError> {
        match self.head(buffer)? {
            None => Ok(Progress::Waits),
            Some(Head::Aggregate { kind: Aggregate::Array, elements }) => {
                if elements > self.limits.elements_max as u64 {
                    return Err(too_large("elements", elements, self.limits.elements_max));
                }
                self.arguments = elements;
                Ok(Progress::Moved)
            }
            // `*-1`, which Redis skips like `*0`.
            Some(_) => Ok(Progress::Moved),
        }
    }

    fn argument(&mut self, buffer: &[u8]) -> Result<Progress, WireError> {
        let Some(&kind) = buffer.get(self.cursor.position) else { return Ok(Progress::Waits) };
        if kind != b'$' {
            return Err(malformed(format!("expected `$` in a request, found {}", excerpt(&[kind]))));
        }
        match self.head(buffer)? {
            None => Ok(Progress::Waits),
            Some(Head::Body { kind: Body::Bulk, length }) => {
                let end = end_of_text(self.cursor.position, length, self.limits.message_bytes_max)?;
                self.body_end = Some(end);
                Ok(Progress::Moved)
            }
            Some(_) => Err(malformed("an argument of a request is null")),
        }
    }

    fn pass_body(&mut self, buffer: &[u8], end: usize) -> Result<Progress, WireError> {
        if !text_is_whole(buffer, end)? {
            return Ok(Progress::Waits);
        }
        self.cursor.jump(end + 2);
        self.body_end = None;
        self.arguments -= 1;
        Ok(if self.arguments == 0 { Progress::Whole } else { Progress::Moved })
    }

    fn inline(&mut self, buffer: &[u8]) -> Result<Progress, WireError> {
        let room = self.room(INLINE_BYTES_MAX, "an inline request is longer than 64 KiB");
        match self.cursor.loose_line(buffer, room)? {
            None => Ok(Progress::Waits),
            Some(line) => Ok(if words(line)? == 0 { Progress::Moved } else { Progress::Whole }),
        }
    }

    fn head<'b>(&mut self, buffer: &'b [u8]) -> Result<Option<Head<'b>>, WireError> {
        let room = self.room(HEAD_BYTES_MAX, "a length has too many digits");
        self.cursor.line(buffer, room)?.map(Head::parse).transpose()
    }

    fn room(&self, line_bytes_max: usize, otherwise: &'static str) -> Room {
        Room { message_bytes_max: self.limits.message_bytes_max, line_bytes_max, otherwise }
    }

    /// How many bytes were looked at so far.
    #[cfg(test)]
    pub(super) fn visited(&self) -> usize {
        self.cursor.visited
    }
}

/// How far one step of the scan came.
enum Progress {
    Moved,
    Waits,
    Whole,
}

#[cfg(test)]
mod tests;
