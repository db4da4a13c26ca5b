//! Owns how requests and replies look to people: one line, bounded, safe for a terminal; values are left to
//! `literal`.

mod reply;
mod request;

use super::frame::Messages;
use super::message::notice_field;

pub(super) use reply::reply;
pub(super) use request::{format_of, request};

/// After this many bytes of a line nothing is added but a note of what is missing.
const LINE_BYTES_MAX: usize = 480;

/// Longest statement or message that is shown whole, in characters.
const TEXT_CHARS_MAX: usize = 240;

/// The code of the last error in a reply, if it has one.
///
/// ```
/// use raceproof::wire::postgres::sqlstate;
/// assert_eq!(sqlstate(b"E\0\0\0\x13SERROR\0C40001\0\0Z\0\0\0\x05I"), Some("40001".to_owned()));
/// assert_eq!(sqlstate(b"Z\0\0\0\x05I"), None);
/// ```
#[must_use]
pub fn sqlstate(reply: &[u8]) -> Option<String> {
    let error = Messages::of(reply).filter(|message| message.tag == b'E').last()?;
    notice_field(error.body, b'C').map(|code| String::from_utf8_lossy(code).into_owned())
}

/// One line out of parts.
#[derive(Debug, Default)]
struct Line {
    text: String,
    left_out: usize,
}

impl Line {
    fn add(&mut self, part: &str) {
        if self.text.len() >= LINE_BYTES_MAX {
            self.left_out += 1;
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("; ");
        }
        self.text.push_str(part);
    }

    /// Whether a part that is added now would not be shown.
    fn full(&self) -> bool {
        self.text.len() >= LINE_BYTES_MAX
    }

    /// Counts a part that need not be made, since the line is full.
    fn leave_out(&mut self) {
        self.left_out += 1;
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!("; … +{} more", self.left_out));
        }
        self.text
    }
}

#[cfg(test)]
mod tests;
