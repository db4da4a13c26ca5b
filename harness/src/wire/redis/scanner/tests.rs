//! Tests of [`Scanner`].

use super::super::samples::{self, MESSAGES, feed};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const SMALL: Limits = Limits { message_bytes_max: 40, elements_max: 4, depth_max: 2 };

fn scan(limits: Limits, bytes: &[u8]) -> Result<Option<usize>, WireError> {
    Ok(Scanner::new(limits).scan(bytes)?.map(|frame| frame.length))
}

fn frames(bytes: &[u8], pieces: &[usize]) -> (Vec<(usize, usize)>, Result<usize, WireError>) {
    // Small limits, so that they are met too.
    let limits = Limits { message_bytes_max: 200, elements_max: 20, depth_max: 4 };
    let mut scanner = Scanner::new(limits);
    feed(bytes, pieces, |buffer| Ok(scanner.scan(buffer)?.map(|frame| (frame.length, frame.value_at))))
}

#[test]
fn a_message_ends_at_its_last_byte_and_not_before() {
    for message in MESSAGES {
        for end in 0..message.len() {
            assert_eq!(scan(Limits::default(), &message[..end]), Ok(None), "{}", message.escape_ascii());
        }
        let followed = [message, &b"+next\r\n"[..]].concat();
        assert_eq!(scan(Limits::default(), &followed), Ok(Some(message.len())), "{}", message.escape_ascii());
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let wrong: &[&[u8]] = &[
        b"x",
        b"\r\n",
        b"GET k\r\n",
        b"+a\n",
        b"+a\rb",
        b":\r\n",
        b":1x\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"*-2\r\n",
        b"$1\r\nab\r\n",
        b"#x\r\n",
        b"_x\r\n",
        b",x\r\n",
        b"(x\r\n",
        b"=4\r\nabcd\r\n",
        b"=3\r\nabc\r\n",
        b">0\r\n",
        b"*1\r\n>1\r\n+a\r\n",
        b"|0\r\n|0\r\n:1\r\n",
        b"|1\r\n+a\r\n+b\r\n|1\r\n+a\r\n+b\r\n:1\r\n",
        b"$?\r\n",
        b"*?\r\n",
        b";4\r\n",
        b".\r\n",
        b"$99999999999999999999\r\n",
        b"$11111111111111111111111111111111",
    ];
    for bytes in wrong {
        let outcome = scan(Limits::default(), bytes);
        assert!(matches!(outcome, Err(WireError::Malformed { .. })), "{}: {outcome:?}", bytes.escape_ascii());
    }
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    assert_eq!(scan(SMALL, &[b"+", &[b'a'; 37][..], b"\r\n"].concat()), Ok(Some(40)));
    assert_eq!(scan(SMALL, &[b"$33\r\n", &[b'a'; 33][..], b"\r\n"].concat()), Ok(Some(40)));
    let long = [b"+", &[b'a'; 38][..], b"\r\n"].concat();
    let too_large = |found| Err(WireError::TooLarge { protocol: "RESP", unit: "bytes", found, limit: 40 });
    assert_eq!(scan(SMALL, &long), too_large(41));
    // Announced bytes are refused before they come.
    assert_eq!(scan(SMALL, b"$34\r\n"), too_large(41));
    assert_eq!(scan(SMALL, b"$9223372036854775807\r\n"), too_large(9_223_372_036_854_775_831));
    assert_eq!(scan(SMALL, b"*2\r\n$20\r\n01234567890123456789\r\n$20\r\n"), too_large(58));
}

#[test]
fn elements_count_over_all_levels() {
    assert_eq!(scan(SMALL, b"*2\r\n*2\r\n:1\r\n:2\r\n_\r\n"), Ok(Some(19)));
    assert_eq!(scan(SMALL, b"%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n"), Ok(Some(20)));
    let too_large = |found| Err(WireError::TooLarge { protocol: "RESP", unit: "elements", found, limit: 4 });
    assert_eq!(scan(SMALL, b"*5\r\n"), too_large(5));
    assert_eq!(scan(SMALL, b"%3\r\n"), too_large(6));
    assert_eq!(scan(SMALL, b"*2\r\n*3\r\n"), too_large(5));
    assert_eq!(scan(SMALL, b"%18446744073709551615\r\n"), too_large(u64::MAX));
}

#[test]
fn nesting_goes_as_deep_as_the_limit() {
    assert_eq!(scan(SMALL, b"*1\r\n*1\r\n:1\r\n"), Ok(Some(12)));
    let too_large = Err(WireError::TooLarge { protocol: "RESP", unit: "levels", found: 3, limit: 2 });
    assert_eq!(scan(SMALL, b"*1\r\n*1\r\n*0\r\n"), too_large);
    assert_eq!(scan(SMALL, b"|1\r\n*1\r\n*0\r\n"), too_large);
}

#[test]
fn an_attribute_belongs_to_the_message_behind_it() {
    let scanned = |bytes| Scanner::new(Limits::default()).scan(bytes);
    assert_eq!(scanned(b"|1\r\n+a\r\n+b\r\n:1\r\n"), Ok(Some(Frame { length: 16, value_at: 12 })));
    assert_eq!(scanned(b"|0\r\n>1\r\n+x\r\n"), Ok(Some(Frame { length: 12, value_at: 4 })));
    assert_eq!(scanned(b"*1\r\n|0\r\n:1\r\n"), Ok(Some(Frame { length: 12, value_at: 0 })));
}

#[test]
fn after_an_error_the_same_bytes_give_the_same_error() {
    let mut scanner = Scanner::new(SMALL);
    assert_eq!(scanner.scan(b"*2\r\n*2\r\n"), Ok(None));
    let first = scanner.scan(b"*2\r\n*2\r\n*1\r\n");
    assert!(first.is_err());
    assert_eq!(scanner.scan(b"*2\r\n*2\r\n*1\r\n"), first);
    assert_eq!(scanner.scan(b":1\r\n").map(|frame| frame.map(|it| it.length)), Ok(Some(4)));
}

#[test]
fn a_million_elements_byte_by_byte_cost_two_looks_per_byte() {
    // Counts bytes, not time: each is searched once, and a `\r` once more when its `\n` has come.
    let mut bytes = b"*1000000\r\n".to_vec();
    bytes.extend(b":1\r\n".repeat(1_000_000));
    let mut scanner = Scanner::new(Limits::default());
    for end in 0..bytes.len() {
        assert_eq!(scanner.scan(&bytes[..end]), Ok(None));
    }
    assert_eq!(scanner.scan(&bytes), Ok(Some(Frame { length: bytes.len(), value_at: 0 })));
    assert!(scanner.visited() <= 2 * bytes.len(), "{} looks at {} bytes", scanner.visited(), bytes.len());
}

#[test]
fn a_long_string_is_jumped_over() {
    let length = 10_000_000;
    let bytes = [format!("${length}\r\n").as_bytes(), &vec![b'\r'; length], b"\r\n"].concat();
    let mut scanner = Scanner::new(Limits::default());
    for end in (0..bytes.len()).step_by(1000) {
        assert_eq!(scanner.scan(&bytes[..end]), Ok(None));
    }
    assert!(matches!(scanner.scan(&bytes), Ok(Some(_))));
    assert!(scanner.visited() < 32, "{} bytes looked at", scanner.visited());
}

proptest! {
    #[test]
    fn the_ends_of_messages_do_not_depend_on_how_they_arrive(
        messages in vec(samples::message(), 1..6),
        pieces in samples::pieces(),
    ) {
        let mut scanner = Scanner::new(Limits::default());
        let stream = messages.concat();
        let scan = |buffer: &[u8]| Ok::<_, WireError>(scanner.scan(buffer)?.map(|frame| (frame.length, ())));
        let (found, end) = feed(&stream, &pieces, scan);
        let lengths: Vec<usize> = found.into_iter().map(|(length, ())| length).collect();
        let expected: Vec<usize> = messages.iter().map(Vec::len).collect();
        prop_assert_eq!(lengths, expected);
        prop_assert_eq!(end, Ok(0));
    }

    #[test]
    fn any_bytes_give_the_same_however_they_arrive(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            samples::mutated(vec(samples::message(), 1..4).prop_map(|messages| messages.concat())),
        ],
        pieces in samples::pieces(),
    ) {
        prop_assert_eq!(frames(&bytes, &pieces), frames(&bytes, &[bytes.len().max(1)]));
    }
}
