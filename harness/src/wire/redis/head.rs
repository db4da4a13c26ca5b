//! Owns the grammar of one RESP line: what a type byte and its text announce.

use super::refusal::{excerpt, malformed};
use crate::wire::WireError;

/// Longest line that announces a length, a number of elements, a truth value or nothing, in bytes.
/// The longest legal one is `:` with a sign, 19 digits and `\r\n`.
pub(super) const HEAD_BYTES_MAX: usize = 32;

/// What one line says: a whole value, or what follows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Head<'a> {
    Simple(&'a [u8]),
    Error(&'a [u8]),
    Integer(i64),
    Null,
    NullBulk,
    NullArray,
    Boolean(bool),
    /// The text has the grammar of a double.
    Double(&'a str),
    /// The text is digits after an optional sign.
    BigNumber(&'a [u8]),
    /// `length` bytes and `\r\n` follow.
    Body {
        kind: Body,
        length: u64,
    },
    /// `elements` values follow; a map's pair is two of them.
    Aggregate {
        kind: Aggregate,
        elements: u64,
    },
}

/// The kinds of text that are announced by their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Bulk,
    Error,
    /// Three bytes name the format, then `:`, then the text.
    Verbatim,
}

/// The kinds of values that are made of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Array,
    Map,
    Set,
    Push,
    /// Not a value itself: it describes the value that follows it.
    Attribute,
}

/// How long a line with this type byte may be, or the error if no value begins with it.
pub(super) fn line_bytes_max(kind: u8) -> Result<usize, WireError> {
    match kind {
        b'+' | b'-' | b'(' | b',' => Ok(usize::MAX),
        b':' | b'$' | b'*' | b'_' | b'#' | b'!' | b'=' | b'%' | b'~' | b'|' | b'>' => Ok(HEAD_BYTES_MAX),
        b';' | b'.' => Err(streamed(kind)),
        _ => Err(malformed(format!("{} begins no value", excerpt(&[kind])))),
    }
}

impl<'a> Head<'a> {
    /// Reads a line, without its `\r\n`.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, WireError> {
        let Some((&kind, text)) = line.split_first() else {
            return Err(malformed("an empty line begins no value"));
        };
        let wrong = |what: &str| malformed(format!("{} is no {what}", excerpt(line)));
        match kind {
            b'+' => Ok(Self::Simple(text)),
            b'-' => Ok(Self::Error(text)),
            b':' => integer(text).map(Self::Integer).ok_or_else(|| wrong("integer")),
            b',' => double(text).map(Self::Double).ok_or_else(|| wrong("double")),
            b'(' => big_number(text).map(Self::BigNumber).ok_or_else(|| wrong("big number")),
            b'_' if text.is_empty() => Ok(Self::Null),
            b'_' => Err(wrong("null")),
            b'#' => match text {
                b"t" => Ok(Self::Boolean(true)),
                b"f" => Ok(Self::Boolean(false)),
                _ => Err(wrong("boolean")),
            },
            b'$' if text == b"-1" => Ok(Self::NullBulk),
            b'*' if text == b"-1" => Ok(Self::NullArray),
            _ if text == b"?" => Err(streamed(kind)),
            _ => Self::announced(kind, length(text).ok_or_else(|| wrong("announced length"))?),
        }
    }

    fn announced(kind: u8, count: u64) -> Result<Self, WireError> {
        let body = |kind| Ok(Self::Body { kind, length: count });
        let aggregate = |kind, elements| Ok(Self::Aggregate { kind, elements });
        match kind {
            b'$' => body(Body::Bulk),
            b'!' => body(Body::Error),
            b'=' if count < 4 => Err(malformed("a verbatim string is too short for its format")),
            b'=' => body(Body::Verbatim),
            b'*' => aggregate(Aggregate::Array, count),
            b'~' => aggregate(Aggregate::Set, count),
            b'>' if count == 0 => Err(malformed("a push message has no elements")),
            b'>' => aggregate(Aggregate::Push, count),
            // A saturated count is beyond every limit, so it is refused as too large.
            b'%' => aggregate(Aggregate::Map, count.saturating_mul(2)),
            b'|' => aggregate(Aggregate::Attribute, count.saturating_mul(2)),
            _ => Err(malformed(format!("{} begins no value", excerpt(&[kind])))),
        }
    }
}

fn streamed(kind: u8) -> WireError {
    malformed(format!(
        "streamed value at {}, which no Redis sends and the gate does not follow",
        excerpt(&[kind])
    ))
}

/// Decimal digits without sign or leading zeros, as Redis itself reads lengths.
fn length(text: &[u8]) -> Option<u64> {
    if text.is_empty() || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// A [`length`] with an optional sign, within 64 bits.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => 0_i64.checked_sub_unsigned(length(digits)?),
        [b'+', digits @ ..] | digits => i64::try_from(length(digits)?).ok(),
    }
}

fn big_number(text: &[u8]) -> Option<&[u8]> {
    let digits = unsigned(text);
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(text)
}

/// `[sign] digits [. digits] [e [sign] digits]`, or one of the words for what is not finite.
fn double(text: &[u8]) -> Option<&str> {
    let words: [&[u8]; 2] = [b"inf", b"nan"];
    if !words.contains(&unsigned(text)) {
        let mut parts = unsigned(text).splitn(2, |byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = (parts.next()?, parts.next());
        let mut halves = mantissa.splitn(2, |&byte| byte == b'.');
        let (whole, fraction) = (halves.next()?, halves.next());
        let all = [Some(whole), fraction, exponent.map(unsigned)];
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        if !all.into_iter().flatten().all(digits) {
            return None;
        }
    }
    std::str::from_utf8(text).ok()
}

fn unsigned(text: &[u8]) -> &[u8] {
    match text {
        [b'+' | b'-', rest @ ..] | rest => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_to_the_last_value_and_not_beyond() {
        assert_eq!(integer(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer(b"+7"), Some(7));
        for wrong in
            ["9223372036854775808", "-9223372036854775809", "", "-", "+", "--1", "1a", " 1", "01", "-01"]
        {
            assert_eq!(integer(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn lengths_have_no_sign_and_no_leading_zero() {
        assert_eq!(Head::parse(b"$0"), Ok(Head::Body { kind: Body::Bulk, length: 0 }));
        for wrong in ["$+1", "$01", "$-2", "$", "*-2", "%-1", "!-1", "=-1", ">-1", "~-1", "|-1", "$1 "] {
            assert!(Head::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_bulk_strings_and_arrays_may_be_null() {
        assert_eq!(Head::parse(b"$-1"), Ok(Head::NullBulk));
        assert_eq!(Head::parse(b"*-1"), Ok(Head::NullArray));
        assert_eq!(Head::parse(b"_"), Ok(Head::Null));
        assert!(Head::parse(b"_x").is_err());
    }

    #[test]
    fn doubles_have_digits_on_both_sides_of_the_dot() {
        for right in ["1", "-1.5", "+1.5e-7", "10E3", "inf", "-inf", "nan", "-nan"] {
            assert!(Head::parse(format!(",{right}").as_bytes()).is_ok(), "{right}");
        }
        for wrong in ["", ".5", "1.", "1e", "e5", "1.5.2", "infinity", "0x10", "--1", "1_0"] {
            assert!(Head::parse(format!(",{wrong}").as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn big_numbers_and_booleans_are_strict() {
        assert!(Head::parse(b"(-3492890328409238509324850943850943825024385").is_ok());
        assert_eq!(Head::parse(b"#t"), Ok(Head::Boolean(true)));
        for wrong in ["(", "(-", "(1.5", "#", "#T", "#true"] {
            assert!(Head::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn streamed_values_are_refused_by_name() {
        for streamed in ["$?", "*?", "%?", "~?", ">?"] {
            let error = Head::parse(streamed.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("streamed value"), "{error}");
        }
        assert!(line_bytes_max(b';').unwrap_err().to_string().contains("streamed value"));
    }

    #[test]
    fn a_verbatim_string_has_room_for_its_format_and_a_push_for_its_kind() {
        assert!(Head::parse(b"=4").is_ok());
        assert!(Head::parse(b"=3").is_err());
        assert!(Head::parse(b">1").is_ok());
        assert!(Head::parse(b">0").is_err());
    }
}
