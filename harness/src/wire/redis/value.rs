//! Owns [`Value`], a whole message as a tree, and [`decode`]; writing is left to `encode`.

use super::head::{Aggregate, Body, Head};
use super::reader::Reader;
use super::refusal::malformed;
use super::scanner::Scanner;
use crate::wire::{Limits, WireError};

/// A RESP2 or RESP3 value; texts are borrowed from the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `+OK`
    Simple(&'a [u8]),
    /// `-ERR …`
    Error(&'a [u8]),
    /// `:1`
    Integer(i64),
    /// `$5` and five bytes
    Bulk(&'a [u8]),
    /// `$-1`, the null of RESP2
    NullBulk,
    /// `*-1`, the other null of RESP2
    NullArray,
    /// `_`, the null of RESP3
    Null,
    /// `#t`
    Boolean(bool),
    /// `,1.5`
    Double(f64),
    /// `(` and an integer of any length, as text
    BigNumber(&'a [u8]),
    /// `!5` and five bytes
    BulkError(&'a [u8]),
    /// `=` and a text that names its format
    Verbatim {
        /// Three bytes such as `txt` or `mkd`.
        format: [u8; 3],
        /// The text without the format.
        text: &'a [u8],
    },
    /// `*2` and two values
    Array(Vec<Value<'a>>),
    /// `%2` and two pairs
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// `~2` and two values
    Set(Vec<Value<'a>>),
    /// `>2` and two values that nobody asked for
    Push(Vec<Value<'a>>),
    /// `|1`, a pair, and the value that it describes, which has no other attributes
    Attributed {
        /// What is said about the value.
        attributes: Vec<(Value<'a>, Value<'a>)>,
        /// The value.
        value: Box<Value<'a>>,
    },
}

impl<'a> Value<'a> {
    /// The bytes of a simple, bulk or verbatim string; the same question is answered with another of
    /// them in RESP2 and in RESP3.
    #[must_use]
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Self::Simple(text) | Self::Bulk(text) | Self::Verbatim { text, .. } => Some(text),
            Self::Attributed { value, .. } => value.text(),
            _ => None,
        }
    }
}

/// Reads one whole message, within the default [`Limits`].
///
/// ```
/// use raceproof::wire::redis::{Value, decode};
/// assert_eq!(decode(b"*2\r\n:1\r\n$-1\r\n"), Ok(Value::Array(vec![Value::Integer(1), Value::NullBulk])));
/// ```
///
/// # Errors
/// [`WireError`] if the bytes are no message, exceed a limit, or are less or more than one message.
pub fn decode(message: &[u8]) -> Result<Value<'_>, WireError> {
    match Scanner::new(Limits::default()).scan(message)? {
        Some(frame) if frame.length == message.len() => {}
        Some(_) => return Err(malformed("more bytes follow the message")),
        None => return Err(malformed("the message is not whole")),
    }
    // The scanner has bounded the depth, and with it this recursion.
    value(&mut Reader::new(message)).ok_or_else(|| malformed("the message is not whole"))
}

fn value<'a>(reader: &mut Reader<'a>) -> Option<Value<'a>> {
    Some(match reader.head()? {
        Head::Simple(text) => Value::Simple(text),
        Head::Error(text) => Value::Error(text),
        Head::Integer(integer) => Value::Integer(integer),
        Head::Null => Value::Null,
        Head::NullBulk => Value::NullBulk,
        Head::NullArray => Value::NullArray,
        Head::Boolean(truth) => Value::Boolean(truth),
        Head::Double(text) => Value::Double(text.parse().ok()?),
        Head::BigNumber(text) => Value::BigNumber(text),
        Head::Body { kind, length } => body(kind, reader.text(length)?)?,
        Head::Aggregate { kind, elements } => aggregate(reader, kind, elements)?,
    })
}

fn body(kind: Body, text: &[u8]) -> Option<Value<'_>> {
    Some(match kind {
        Body::Bulk => Value::Bulk(text),
        Body::Error => Value::BulkError(text),
        Body::Verbatim => {
            let (format, text) = text.split_first_chunk::<3>()?;
            Value::Verbatim { format: *format, text: text.strip_prefix(b":")? }
        }
    })
}

fn aggregate<'a>(reader: &mut Reader<'a>, kind: Aggregate, elements: u64) -> Option<Value<'a>> {
    Some(match kind {
        Aggregate::Array => Value::Array(values(reader, elements)?),
        Aggregate::Set => Value::Set(values(reader, elements)?),
        Aggregate::Push => Value::Push(values(reader, elements)?),
        Aggregate::Map => Value::Map(pairs(reader, elements)?),
        Aggregate::Attribute => {
            let attributes = pairs(reader, elements)?;
            Value::Attributed { attributes, value: Box::new(value(reader)?) }
        }
    })
}

fn values<'a>(reader: &mut Reader<'a>, elements: u64) -> Option<Vec<Value<'a>>> {
    (0..elements).map(|_| value(reader)).collect()
}

fn pairs<'a>(reader: &mut Reader<'a>, elements: u64) -> Option<Vec<(Value<'a>, Value<'a>)>> {
    (0..elements / 2).map(|_| Some((value(reader)?, value(reader)?))).collect()
}

#[cfg(test)]
mod tests;
