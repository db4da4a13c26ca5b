//! Tests of [`RequestScanner`].

use super::super::samples::{self, feed};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const SMALL: Limits = Limits { message_bytes_max: 40, elements_max: 2, depth_max: 1 };

fn scan(limits: Limits, bytes: &[u8]) -> Result<Option<usize>, WireError> {
    RequestScanner::new(limits).scan(bytes)
}

#[test]
fn a_request_ends_at_its_last_byte_and_not_before() {
    let requests: &[&[u8]] = &[
        b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        b"*1\r\n$0\r\n\r\n",
        b"PING\r\n",
        b"PING\n",
        b"SET k \"a b\"\r\n",
        // Redis skips what is empty, so it belongs to what follows.
        b"\r\n \n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n",
        b"*0\r\n\r\nPING\r\n",
    ];
    for request in requests {
        for end in 0..request.len() {
            assert_eq!(scan(Limits::default(), &request[..end]), Ok(None), "{}", request.escape_ascii());
        }
        let followed = [request, &b"PING\r\n"[..]].concat();
        assert_eq!(scan(Limits::default(), &followed), Ok(Some(request.len())), "{}", request.escape_ascii());
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let wrong: &[&[u8]] = &[
        b"*x\r\n",
        b"*-2\r\n",
        b"*01\r\n",
        b"*1\n",
        b"*1\r\n:1\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$01\r\n",
        b"*1\r\n$1\r\nab\r\n",
        b"*?\r\n",
        b"*1\r\n$?\r\n",
        b"SET k \"a\r\n",
        b"PING\0\r\n",
        b"*11111111111111111111111111111111",
    ];
    for bytes in wrong {
        let outcome = scan(Limits::default(), bytes);
        assert!(matches!(outcome, Err(WireError::Malformed { .. })), "{}: {outcome:?}", bytes.escape_ascii());
    }
}

#[test]
fn limits_hold_for_requests_too() {
    assert_eq!(scan(SMALL, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), Ok(Some(20)));
    assert!(matches!(scan(SMALL, b"*3\r\n"), Err(WireError::TooLarge { unit: "elements", found: 3, .. })));
    assert!(matches!(
        scan(SMALL, b"*1\r\n$31\r\n"),
        Err(WireError::TooLarge { unit: "bytes", found: 42, .. })
    ));
    assert!(matches!(scan(SMALL, &b"\r\n".repeat(21)), Err(WireError::TooLarge { unit: "bytes", .. })));
    assert_eq!(scan(SMALL, &b"\r\n".repeat(20)), Ok(None));
}

#[test]
fn a_typed_request_has_64_kib_and_no_more() {
    let line = |length| [&vec![b'a'; length][..], b"\r\n"].concat();
    assert_eq!(scan(Limits::default(), &line(INLINE_BYTES_MAX - 2)), Ok(Some(INLINE_BYTES_MAX)));
    assert!(scan(Limits::default(), &line(INLINE_BYTES_MAX - 1)).is_err());
}

#[test]
fn a_million_arguments_byte_by_byte_cost_two_looks_per_byte() {
    let mut bytes = b"*1000000\r\n".to_vec();
    bytes.extend(b"$1\r\na\r\n".repeat(1_000_000));
    let mut scanner = RequestScanner::new(Limits::default());
    for end in 0..bytes.len() {
        assert_eq!(scanner.scan(&bytes[..end]), Ok(None));
    }
    assert_eq!(scanner.scan(&bytes), Ok(Some(bytes.len())));
    assert!(scanner.visited() <= 2 * bytes.len(), "{} looks at {} bytes", scanner.visited(), bytes.len());
}

proptest! {
    #[test]
    fn the_ends_of_requests_do_not_depend_on_how_they_arrive(
        requests in vec(samples::request(), 1..6),
        pieces in samples::pieces(),
    ) {
        let mut scanner = RequestScanner::new(Limits::default());
        let stream = requests.concat();
        let scan = |buffer: &[u8]| Ok::<_, WireError>(scanner.scan(buffer)?.map(|length| (length, ())));
        let (found, end) = feed(&stream, &pieces, scan);
        let lengths: Vec<usize> = found.into_iter().map(|(length, ())| length).collect();
        let expected: Vec<usize> = requests.iter().map(Vec::len).collect();
        prop_assert_eq!(lengths, expected);
        prop_assert_eq!(end, Ok(0));
    }

    #[test]
    fn any_bytes_give_the_same_however_they_arrive(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            samples::mutated(vec(samples::request(), 1..4).prop_map(|requests| requests.concat())),
        ],
        pieces in samples::pieces(),
    ) {
        let limits = Limits { message_bytes_max: 100, elements_max: 4, depth_max: 1 };
        let run = |pieces: &[usize]| {
            let mut scanner = RequestScanner::new(limits);
            feed(&bytes, pieces, |buffer| Ok::<_, WireError>(scanner.scan(buffer)?.map(|length| (length, ()))))
        };
        prop_assert_eq!(run(&pieces), run(&[bytes.len().max(1)]));
    }
}
