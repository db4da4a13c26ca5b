//! Tests of how connections begin.

use super::super::samples::written;
use super::*;
use postgres_protocol::message::frontend;

fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    written(|out| frontend::startup_message(parameters.iter().copied(), out).unwrap())
}

#[test]
fn encryption_is_not_available() {
    let answer = Ok(Some(Opening::Answer { length: 8, bytes: b"N" }));
    assert_eq!(opening(&written(frontend::ssl_request)), answer);
    assert_eq!(opening(b"\0\0\0\x08\x04\xd2\x16\x30and more"), answer);
}

#[test]
fn a_start_up_asks_for_a_connection_when_it_is_whole() {
    let message = startup(&[("user", "alice"), ("database", "shop")]);
    for end in 0..message.len() {
        assert_eq!(opening(&message[..end]), Ok(None), "{end}");
    }
    assert_eq!(opening(&message), Ok(Some(Opening::Connect { length: message.len() })));
    assert_eq!(startup_user(&message), Some(("alice".to_owned(), "shop".to_owned())));
}

#[test]
fn a_database_that_is_not_named_is_the_users() {
    assert_eq!(startup_user(&startup(&[("user", "alice")])), Some(("alice".to_owned(), "alice".to_owned())));
    assert_eq!(startup_user(&startup(&[("database", "shop")])), None);
    assert_eq!(startup_user(&written(frontend::ssl_request)), None);
}

#[test]
fn a_cancel_names_the_process() {
    let message = written(|out| frontend::cancel_request(77, 1, out));
    assert_eq!(opening(&message), Ok(Some(Opening::Cancel { length: 16, key: 77 })));
    assert_eq!(opening(&message[..15]), Ok(None));
    // Since protocol 3.2 a secret may be longer.
    let long = [&b"\0\0\0\x18\x04\xd2\x16\x2e\0\0\0\x4d"[..], &[7; 12]].concat();
    assert_eq!(opening(&long), Ok(Some(Opening::Cancel { length: 24, key: 77 })));
}

#[test]
fn what_opens_nothing_is_refused() {
    let wrong: [&[u8]; 7] = [
        b"\0\0\0\x07",
        b"\0\0\0\x08\0\x02\0\0",
        b"\0\0\0\x08\0\x04\0\0",
        b"\0\0\0\x09\x04\xd2\x16\x2f",
        b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\x01",
        b"\0\0\0\x0c\0\x03\0\0user",
        b"\x16\x03\x01",
    ];
    for bytes in wrong {
        assert!(matches!(opening(bytes), Err(WireError::Malformed { .. })), "{}", bytes.escape_ascii());
    }
    for bytes in [&b"\0\0\x27\x11"[..], b"GET / HTTP/1.1\r\n", b"\xff\xff\xff\xff"] {
        assert!(
            matches!(opening(bytes), Err(WireError::TooLarge { limit: 10_000, .. })),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn only_replication_is_not_supported() {
    assert_eq!(unsupported(&startup(&[("user", "a")])), None);
    assert_eq!(unsupported(&startup(&[("user", "a"), ("replication", "off")])), None);
    assert!(unsupported(&startup(&[("user", "a"), ("replication", "true")])).is_some());
}
