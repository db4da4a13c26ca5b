//! Owns finding the ends of messages: a tag, a length, a body.

use super::refusal::{kind, malformed, too_large};
use crate::wire::{Limits, WireError};

/// Bytes of a tag and a length.
const HEAD_BYTES: usize = 5;

/// The beginning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) tag: u8,
    /// Bytes of the whole message, tag and all.
    pub(super) length: usize,
}

/// The head of the first message, or `None` if it is not whole; a length is refused before its bytes come.
pub(super) fn head(buffer: &[u8], limits: Limits) -> Result<Option<Head>, WireError> {
    let Some((&tag, behind)) = buffer.split_first() else { return Ok(None) };
    let Some(&announced) = behind.first_chunk() else { return Ok(None) };
    let announced = i32::from_be_bytes(announced);
    match usize::try_from(announced) {
        Ok(length) if length >= HEAD_BYTES - 1 => match length + 1 {
            length if length > limits.message_bytes_max => {
                Err(too_large("bytes", length, limits.message_bytes_max))
            }
            length => Ok(Some(Head { tag, length })),
        },
        _ => Err(malformed(format!("a message {} announces {announced} bytes", kind(tag)))),
    }
}

/// One message that has arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
    /// All of it.
    pub(super) bytes: &'a [u8],
}

/// The messages in any bytes; ends at the first one that is not whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Messages<'a> {
    /// What is left.
    pub(super) rest: &'a [u8],
}

impl<'a> Messages<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The messages, if nothing but whole ones is there.
    pub(super) fn whole(bytes: &'a [u8]) -> Option<Self> {
        let mut messages = Self::of(bytes);
        while messages.next().is_some() {}
        messages.rest.is_empty().then(|| Self::of(bytes))
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let unlimited = Limits { message_bytes_max: usize::MAX, ..Limits::default() };
        let Head { tag, length } = head(self.rest, unlimited).ok()??;
        let (bytes, behind) = self.rest.split_at_checked(length)?;
        self.rest = behind;
        Some(Message { tag, body: &bytes[HEAD_BYTES..], bytes })
    }
}

/// Appends a message to `out`.
pub(super) fn push(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    let length = u32::try_from(body.len() + HEAD_BYTES - 1).unwrap_or(u32::MAX);
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_judged_before_its_bytes_come() {
        let limits = Limits { message_bytes_max: 40, ..Limits::default() };
        let found = |bytes: &[u8]| head(bytes, limits);
        assert_eq!(found(b""), Ok(None));
        assert_eq!(found(b"Q\0\0\0"), Ok(None));
        assert_eq!(found(b"Q\0\0\0\x04"), Ok(Some(Head { tag: b'Q', length: 5 })));
        assert_eq!(found(b"Q\0\0\0\x27"), Ok(Some(Head { tag: b'Q', length: 40 })));
        assert_eq!(found(b"Q\0\0\0\x28"), Err(too_large("bytes", 41, 40)));
        assert_eq!(found(b"Q\x40\0\0\0"), Err(too_large("bytes", (1 << 30) + 1, 40)));
        for short in [&b"Q\0\0\0\x03"[..], b"Q\0\0\0\0", b"Q\xff\xff\xff\xff", b"Q\x80\0\0\0"] {
            assert!(matches!(found(short), Err(WireError::Malformed { .. })), "{short:?}");
        }
    }

    #[test]
    fn messages_end_where_one_is_not_whole() {
        let bytes = b"S\0\0\0\x04H\0\0\0\x05xQ\0\0\0\x09ab";
        let mut messages = Messages::of(bytes);
        let tags: Vec<(u8, usize)> =
            messages.by_ref().map(|message| (message.tag, message.body.len())).collect();
        assert_eq!(tags, [(b'S', 0), (b'H', 1)]);
        assert_eq!(messages.rest, b"Q\0\0\0\x09ab");
        assert!(Messages::whole(bytes).is_none() && Messages::whole(&bytes[..11]).is_some());
    }

    #[test]
    fn a_written_message_is_read_back() {
        let mut out = Vec::new();
        push(&mut out, b'C', b"UPDATE 1\0");
        assert_eq!(
            Messages::of(&out).next().map(|message| (message.tag, message.body)),
            Some((b'C', &b"UPDATE 1\0"[..]))
        );
    }
}
