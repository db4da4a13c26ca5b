//! Owns the place where an interrupted scan goes on; what the lines mean is left to `head` and `inline`.

use super::refusal::{malformed, too_large};
use crate::wire::WireError;

/// A position in a buffer that grows between calls, and how far the current line was searched.
///
/// No byte is searched twice, so feeding a message byte by byte costs as much as feeding it whole.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// Where the current line begins: everything before it is understood.
    pub(super) position: usize,
    /// Bytes before this one are known not to end the line. Never before `position`.
    searched: usize,
    /// How many bytes were looked at, for the test of linear cost.
    #[cfg(test)]
    pub(super) visited: usize,
}

/// How long a line may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Most bytes of the whole message up to and including the end of this line.
    pub(super) message_bytes_max: usize,
    /// Most bytes of this line including its end, and how to call a line that has none by then.
    pub(super) line_bytes_max: usize,
    /// The error's words for a line longer than that.
    pub(super) otherwise: &'static str,
}

impl Cursor {
    /// Starts anew at the front of the next message.
    pub(super) fn reset(&mut self) {
        self.position = 0;
        self.searched = 0;
    }

    /// Goes on at `position`, without looking at what is before it.
    pub(super) fn jump(&mut self, position: usize) {
        self.position = position;
        self.searched = position;
    }

    /// The current line without its `\r\n`, once it is whole; the cursor then stands behind it.
    pub(super) fn line<'b>(&mut self, buffer: &'b [u8], room: Room) -> Result<Option<&'b [u8]>, WireError> {
        let window = room.window(buffer, self.position);
        let Some(end) = self.find(window, |byte| matches!(byte, b'\r' | b'\n')) else {
            return room.more(buffer, self.position);
        };
        if window[end] == b'\n' {
            return Err(malformed("a line ends with `\\n` where `\\r\\n` is needed"));
        }
        match window.get(end + 1) {
            None => {
                // The `\r` is looked at again when its `\n` is there.
                self.searched = end;
                room.more(buffer, self.position)
            }
            Some(b'\n') => Ok(Some(self.take(window, end, 2))),
            Some(_) => Err(malformed("a line has a `\\r` without a `\\n`")),
        }
    }

    /// The current line without its `\n`, once it is whole; the cursor then stands behind it.
    pub(super) fn loose_line<'b>(
        &mut self,
        buffer: &'b [u8],
        room: Room,
    ) -> Result<Option<&'b [u8]>, WireError> {
        let window = room.window(buffer, self.position);
        match self.find(window, |byte| byte == b'\n') {
            Some(end) => Ok(Some(self.take(window, end, 1))),
            None => room.more(buffer, self.position),
        }
    }

    fn find(&mut self, window: &[u8], ends: impl Fn(u8) -> bool) -> Option<usize> {
        let found = window.get(self.searched..)?.iter().position(|&byte| ends(byte));
        let end = found.map_or(window.len(), |offset| self.searched + offset);
        #[cfg(test)]
        {
            self.visited += end + usize::from(found.is_some()) - self.searched;
        }
        self.searched = end;
        found.map(|_| end)
    }

    fn take<'b>(&mut self, window: &'b [u8], end: usize, terminator: usize) -> &'b [u8] {
        let line = &window[self.position..end];
        self.jump(end + terminator);
        line
    }
}

impl Room {
    /// The part of the buffer in which the line must end.
    fn window(self, buffer: &[u8], position: usize) -> &[u8] {
        let line_end = position.saturating_add(self.line_bytes_max);
        &buffer[..buffer.len().min(self.message_bytes_max).min(line_end)]
    }

    /// The answer if the window has no end of the line: wait for it, unless it can no longer come.
    fn more<T>(self, buffer: &[u8], position: usize) -> Result<Option<T>, WireError> {
        let line_end = position.saturating_add(self.line_bytes_max);
        if line_end <= self.message_bytes_max && buffer.len() >= line_end {
            return Err(malformed(self.otherwise));
        }
        if line_end > self.message_bytes_max && buffer.len() > self.message_bytes_max {
            let found = self.message_bytes_max as u64 + 1;
            return Err(too_large("bytes", found, self.message_bytes_max));
        }
        Ok(None)
    }
}
