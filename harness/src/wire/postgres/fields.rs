//! Owns reading the fields of a message that has arrived whole, one after the other.

/// What is left to read of a message's body. Every read is checked, so any bytes may be given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&byte, behind) = self.rest.split_first()?;
        self.rest = behind;
        Some(byte)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        let (bytes, behind) = self.rest.split_first_chunk()?;
        self.rest = behind;
        Some(u16::from_be_bytes(*bytes))
    }

    pub(super) fn long(&mut self) -> Option<u32> {
        let (bytes, behind) = self.rest.split_first_chunk()?;
        self.rest = behind;
        Some(u32::from_be_bytes(*bytes))
    }

    /// Bytes up to a zero, which is left behind.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|&byte| byte == 0)?;
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(text)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, behind) = self.rest.split_at_checked(length)?;
        self.rest = behind;
        Some(bytes)
    }

    /// A value behind its length; the inner `None` is NULL.
    pub(super) fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match self.long()? {
            u32::MAX => Some(None),
            length => Some(Some(self.bytes(usize::try_from(length).ok()?)?)),
        }
    }

    /// A count and so many fields of `width` bytes each, unread.
    pub(super) fn counted(&mut self, width: usize) -> Option<&'a [u8]> {
        let count = usize::from(self.short()?);
        self.bytes(count * width)
    }
}

/// The numbers in a [counted](Fields::counted) list of format codes.
pub(super) fn shorts(list: &[u8]) -> impl Iterator<Item = u16> {
    list.as_chunks().0.iter().map(|bytes| u16::from_be_bytes(*bytes))
}

/// The numbers in a [counted](Fields::counted) list of type ids.
pub(super) fn longs(list: &[u8]) -> impl Iterator<Item = u32> {
    list.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_their_order() {
        let mut fields = Fields::new(b"S\x00\x02\x00\x00\x01\x00name\x00\x00\x00\x00\x02ab\xff\xff\xff\xff");
        assert_eq!(fields.byte(), Some(b'S'));
        assert_eq!(fields.short(), Some(2));
        assert_eq!(fields.long(), Some(256));
        assert_eq!(fields.text(), Some(&b"name"[..]));
        assert_eq!(fields.value(), Some(Some(&b"ab"[..])));
        assert_eq!(fields.value(), Some(None));
        assert_eq!(fields.byte(), None);
    }

    #[test]
    fn what_breaks_off_is_no_field() {
        assert_eq!(Fields::new(b"\0").short(), None);
        assert_eq!(Fields::new(b"\0\0\0").long(), None);
        assert_eq!(Fields::new(b"name").text(), None);
        assert_eq!(Fields::new(b"\0\0\0\x02a").value(), None);
        assert_eq!(Fields::new(b"\x7f\xff\xff\xff").value(), None);
        assert_eq!(Fields::new(b"\xff\xff").counted(4), None);
    }
}
