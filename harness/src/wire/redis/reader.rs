//! Owns reading a message that has arrived whole, line by line; an interrupted one is left to `Scanner`.

use super::head::Head;

/// What is left to read of a message. Every read is checked, so any bytes may be given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next line's meaning, or `None` if there is none.
    pub(super) fn head(&mut self) -> Option<Head<'a>> {
        let end = self.rest.iter().position(|&byte| byte == b'\r')?;
        let head = Head::parse(&self.rest[..end]).ok()?;
        self.rest = self.rest[end..].strip_prefix(b"\r\n")?;
        Some(head)
    }

    /// The text of `length` bytes that a head announced.
    pub(super) fn text(&mut self, length: u64) -> Option<&'a [u8]> {
        let length = usize::try_from(length).ok()?;
        let (text, behind) = self.rest.split_at_checked(length)?;
        self.rest = behind.strip_prefix(b"\r\n")?;
        Some(text)
    }
}
