//! Owns [`Row`]: one row of an answer, all of whose values are text.

use std::borrow::Cow;

use bytes::Bytes;

/// The body of a `DataRow`: a count, and each value behind its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row(pub(super) Bytes);

impl Row {
    /// The values; `None` is null.
    pub(super) fn values(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut rest = self.0.get(2..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk()?;
            // A negative length is null.
            let value = usize::try_from(i32::from_be_bytes(*length)).ok();
            let (value, behind) = match value {
                Some(length) => behind.split_at_checked(length).map(|(value, rest)| (Some(value), rest))?,
                None => (None, behind),
            };
            rest = behind;
            Some(value)
        })
    }

    /// The value at `index` as text; empty if it is null or not there.
    pub(super) fn text(&self, index: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.values().nth(index).flatten().unwrap_or_default())
    }

    /// The value at `index` as a number, if it is one.
    pub(super) fn number<T: std::str::FromStr>(&self, index: usize) -> Option<T> {
        self.text(index).parse().ok()
    }

    /// Whether the value at `index` is true.
    pub(super) fn is_true(&self, index: usize) -> bool {
        self.text(index) == "t"
    }

    /// The bytes of all values but the first.
    pub(super) fn behind_first(&self) -> &[u8] {
        let first = self.values().next().flatten().map_or(0, <[u8]>::len);
        self.0.get(2 + 4 + first..).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) fn row(values: &[Option<&str>]) -> Row {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        body.extend(length.to_be_bytes());
        body.extend(value.unwrap_or_default().bytes());
    }
    Row(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_are_different() {
        let row = row(&[Some("a"), None, Some(""), Some("12")]);
        let values: Vec<_> = row.values().collect();
        assert_eq!(values, [Some(&b"a"[..]), None, Some(&b""[..]), Some(&b"12"[..])]);
        assert_eq!((row.text(1), row.number(3)), ("".into(), Some(12)));
    }

    #[test]
    fn what_breaks_off_ends_the_row() {
        for body in [&b""[..], b"\0", b"\0\x01\0\0", b"\0\x01\0\0\0\x05abc"] {
            assert_eq!(Row(Bytes::copy_from_slice(body)).values().count(), 0, "{body:?}");
        }
    }

    #[test]
    fn rows_that_differ_in_the_first_value_alone_agree_behind_it() {
        let (one, other) = (row(&[Some("(0,1)"), Some("x")]), row(&[Some("(0,12)"), Some("x")]));
        assert_eq!(one.behind_first(), other.behind_first());
        assert_ne!(one.behind_first(), row(&[Some("(0,1)"), None]).behind_first());
    }
}
