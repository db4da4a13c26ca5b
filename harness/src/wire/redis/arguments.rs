//! Owns reading the arguments of a request that has arrived whole.

use super::head::{Aggregate, Body, Head};
use super::inline::next_word;
use super::reader::Reader;
use std::borrow::Cow;
use std::iter::FusedIterator;

/// The arguments of a request, the command's name first.
///
/// Any bytes may be given: what is no request has no arguments, what breaks off has fewer.
///
/// ```
/// use raceproof::wire::redis::Arguments;
/// let words: Vec<_> = Arguments::of(b"SET k \"a b\"\r\n").collect();
/// assert_eq!(words, [&b"SET"[..], b"k", b"a b"]);
/// ```
#[derive(Debug, Clone)]
pub struct Arguments<'a> {
    form: Form<'a>,
}

#[derive(Debug, Clone)]
enum Form<'a> {
    Array { reader: Reader<'a>, remaining: u64 },
    Line(&'a [u8]),
}

impl<'a> Arguments<'a> {
    /// The arguments of one request.
    #[must_use]
    pub fn of(request: &'a [u8]) -> Self {
        let mut reader = Reader::new(request);
        loop {
            if reader.rest.first() != Some(&b'*') {
                let end = reader.rest.iter().position(|&byte| byte == b'\n');
                let (line, behind) = end.map_or((reader.rest, &[][..]), |end| reader.rest.split_at(end));
                if behind.is_empty() || next_word(&mut { line }).is_some() {
                    return Self { form: Form::Line(line) };
                }
                reader.rest = &behind[1..];
                continue;
            }
            match reader.head() {
                Some(Head::NullArray | Head::Aggregate { kind: Aggregate::Array, elements: 0 }) => {}
                Some(Head::Aggregate { kind: Aggregate::Array, elements }) => {
                    return Self { form: Form::Array { reader, remaining: elements } };
                }
                _ => return Self { form: Form::Line(&[]) },
            }
        }
    }

    /// How many arguments an array still announces; for a line, how many there are.
    pub(super) fn remaining(&self) -> u64 {
        match &self.form {
            Form::Array { remaining, .. } => *remaining,
            Form::Line(_) => self.clone().count() as u64,
        }
    }
}

impl<'a> Iterator for Arguments<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        match &mut self.form {
            Form::Line(rest) => next_word(rest)?,
            Form::Array { reader, remaining } => {
                *remaining = remaining.checked_sub(1)?;
                let text = match reader.head() {
                    Some(Head::Body { kind: Body::Bulk, length }) => reader.text(length),
                    _ => None,
                };
                if text.is_none() {
                    *remaining = 0;
                }
                text.map(Cow::Borrowed)
            }
        }
    }
}

impl FusedIterator for Arguments<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(request: &[u8]) -> Vec<Vec<u8>> {
        Arguments::of(request).map(Cow::into_owned).collect()
    }

    #[test]
    fn blank_lines_and_empty_arrays_are_skipped() {
        assert_eq!(words(b"\r\n*0\r\n \n*-1\r\n*1\r\n$4\r\nPING\r\n"), [b"PING"]);
        assert_eq!(words(b"\n\nPING\n"), [b"PING"]);
    }

    #[test]
    fn what_is_no_request_has_no_arguments() {
        for bytes in [&b""[..], b"\r\n", b"*0\r\n", b"*x\r\n$1\r\na\r\n", b"*1\r\n:1\r\n", b"*1\r\n$5\r\nab"]
        {
            assert_eq!(words(bytes), Vec::<Vec<u8>>::new(), "{bytes:?}");
        }
    }
}
