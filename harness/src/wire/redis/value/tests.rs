//! Tests of [`decode`] and [`encode`](super::super::encode::encode), which are each other's inverse.

use super::super::encode::encode;
use super::super::samples::{self, MESSAGES};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn encoded(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

#[test]
fn every_kind_of_message_is_read_and_written_back() {
    for message in MESSAGES {
        let value = decode(message).expect("a sample is whole");
        assert_eq!(encoded(&value), *message, "{value:?}");
    }
}

#[test]
fn a_tree_has_the_shape_of_the_message() {
    let pair = (Value::Simple(b"ttl"), Value::Integer(9));
    assert_eq!(
        decode(b"|1\r\n+ttl\r\n:9\r\n%1\r\n$1\r\na\r\n~1\r\n,1.5\r\n"),
        Ok(Value::Attributed {
            attributes: vec![pair],
            value: Box::new(Value::Map(vec![(Value::Bulk(b"a"), Value::Set(vec![Value::Double(1.5)]))])),
        })
    );
    assert_eq!(decode(b"=7\r\nmkd:# h\r\n"), Ok(Value::Verbatim { format: *b"mkd", text: b"# h" }));
}

#[test]
fn less_or_more_than_one_message_is_refused() {
    for bytes in [&b""[..], b":1", b"*2\r\n:1\r\n", b":1\r\n:2\r\n", b"|0\r\n"] {
        assert!(matches!(decode(bytes), Err(WireError::Malformed { .. })), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_text_is_the_same_in_both_versions_of_the_protocol() {
    for message in [&b"$2\r\nid\r\n"[..], b"=6\r\ntxt:id\r\n", b"+id\r\n", b"|0\r\n+id\r\n"] {
        assert_eq!(decode(message).map(|value| value.text()), Ok(Some(&b"id"[..])));
    }
    assert_eq!(decode(b":1\r\n").map(|value| value.text()), Ok(None));
}

#[test]
fn a_line_break_in_a_line_becomes_a_space() {
    assert_eq!(encoded(&Value::Error(b"ERR a\r\nb")), b"-ERR a  b\r\n");
    assert_eq!(encoded(&Value::Bulk(b"a\r\nb")), b"$4\r\na\r\nb\r\n");
}

#[test]
fn doubles_that_are_not_finite_are_written_as_resp3_says() {
    assert_eq!(encoded(&Value::Double(f64::NAN)), b",nan\r\n");
    assert_eq!(encoded(&Value::Double(f64::NEG_INFINITY)), b",-inf\r\n");
}

#[test]
fn deep_nesting_is_refused_before_it_is_followed() {
    let deep = b"*1\r\n".repeat(100_000);
    assert!(matches!(decode(&deep), Err(WireError::TooLarge { unit: "levels", .. })));
    let described = b"|0\r\n".repeat(100_000);
    assert!(matches!(decode(&described), Err(WireError::Malformed { .. })));
}

proptest! {
    #[test]
    fn what_is_read_is_written_back_byte_for_byte(message in samples::message()) {
        let value = decode(&message);
        prop_assert!(value.is_ok(), "{value:?}");
        prop_assert_eq!(encoded(&value.expect("checked")), message);
    }

    #[test]
    fn what_the_scanner_accepts_is_read_and_nothing_else(
        bytes in prop_oneof![vec(any::<u8>(), 0..60), samples::mutated(samples::message())],
    ) {
        let whole = Scanner::new(Limits::default()).scan(&bytes).is_ok_and(|frame| {
            frame.is_some_and(|frame| frame.length == bytes.len())
        });
        prop_assert_eq!(decode(&bytes).is_ok(), whole);
    }
}
