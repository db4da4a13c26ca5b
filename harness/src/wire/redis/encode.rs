//! Owns writing RESP: [`encode`] for values and [`command`] for requests.

use super::value::Value;
use std::fmt::Display;

/// Appends `value` to `out` as its bytes on the wire.
///
/// A line break inside a `Simple` or `Error` becomes a space, as Redis itself does, since the protocol
/// has no way to say it.
pub fn encode(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Simple(text) => line(out, b'+', text),
        Value::Error(text) => line(out, b'-', text),
        Value::Integer(integer) => head(out, b':', integer),
        Value::Bulk(text) => body(out, b'$', &[text]),
        Value::NullBulk => out.extend_from_slice(b"$-1\r\n"),
        Value::NullArray => out.extend_from_slice(b"*-1\r\n"),
        Value::Null => out.extend_from_slice(b"_\r\n"),
        Value::Boolean(truth) => head(out, b'#', if *truth { 't' } else { 'f' }),
        Value::Double(double) if double.is_nan() => head(out, b',', "nan"),
        // Rust writes `inf`, `-inf` and the shortest digits that read back the same, as RESP3 wants.
        Value::Double(double) => head(out, b',', double),
        Value::BigNumber(text) => line(out, b'(', text),
        Value::BulkError(text) => body(out, b'!', &[text]),
        Value::Verbatim { format, text } => body(out, b'=', &[format, b":", text]),
        Value::Array(values) => aggregate(out, b'*', values),
        Value::Set(values) => aggregate(out, b'~', values),
        Value::Push(values) => aggregate(out, b'>', values),
        Value::Map(entries) => pairs(out, b'%', entries),
        Value::Attributed { attributes, value } => {
            pairs(out, b'|', attributes);
            encode(value, out);
        }
    }
}

/// A request with these arguments, as clients send it.
///
/// ```
/// use raceproof::wire::redis::command;
/// assert_eq!(command(&[b"GET", b"counter"]), b"*2\r\n$3\r\nGET\r\n$7\r\ncounter\r\n");
/// ```
#[must_use]
pub fn command(arguments: &[&[u8]]) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(16 + arguments.iter().map(|argument| argument.len() + 16).sum::<usize>());
    head(&mut out, b'*', arguments.len());
    for argument in arguments {
        body(&mut out, b'$', &[argument]);
    }
    out
}

fn head(out: &mut Vec<u8>, kind: u8, text: impl Display) {
    out.push(kind);
    out.extend_from_slice(text.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend(text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

fn body(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    head(out, kind, parts.iter().map(|part| part.len()).sum::<usize>());
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"\r\n");
}

fn aggregate(out: &mut Vec<u8>, kind: u8, values: &[Value<'_>]) {
    head(out, kind, values.len());
    for value in values {
        encode(value, out);
    }
}

fn pairs(out: &mut Vec<u8>, kind: u8, entries: &[(Value<'_>, Value<'_>)]) {
    head(out, kind, entries.len());
    for (key, value) in entries {
        encode(key, out);
        encode(value, out);
    }
}
