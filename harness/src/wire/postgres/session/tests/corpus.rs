//! Files of bytes that a connection may begin with, each fed to both sides; one that once failed stays here.

use super::properties::follow;
use super::*;

macro_rules! corpus {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../../../tests/corpus/postgres/", $name)))),*]
    };
}

const CORPUS: [(&str, &[u8]); 14] = corpus![
    "cancel",
    "copy_in",
    "copy_out",
    "error",
    "extended_batch",
    "garbage",
    "greeting",
    "huge_length",
    "negative_length",
    "notification",
    "replication",
    "simple_query",
    "ssl_request",
    "startup",
];

fn file(wanted: &str) -> &'static [u8] {
    CORPUS.iter().find(|(name, _)| *name == wanted).expect("it is listed").1
}

/// Each file whole and byte by byte: the same, and no panic. A session keeps no bytes, so its memory is
/// bounded by what it remembers of the longest message.
#[test]
fn every_file_is_followed_the_same_however_it_arrives() {
    for (name, bytes) in CORPUS {
        for side in [Side::Client, Side::Server] {
            let turns = [(side, bytes.to_vec())];
            let whole = follow(Limits::default(), &turns, &[usize::MAX]);
            assert_eq!(follow(Limits::default(), &turns, &[1]), whole, "{name} from the {side:?}");
        }
    }
}

#[test]
fn every_file_opens_a_connection_the_same_however_it_arrives() {
    let open = |bytes: &[u8]| PostgresSession::new(Limits::default()).opening(bytes);
    for (name, bytes) in CORPUS {
        let mut session = PostgresSession::new(Limits::default());
        let early =
            (0..=bytes.len()).map(|end| session.opening(&bytes[..end])).find(|found| *found != Ok(None));
        assert_eq!(early.unwrap_or(Ok(None)), open(bytes), "{name}");
    }
    assert_eq!(open(file("ssl_request")), Ok(Some(Opening::Answer { length: 8, bytes: b"N" })));
    assert_eq!(open(file("cancel")), Ok(Some(Opening::Cancel { length: 16, key: 4096 })));
    let startup = file("startup");
    assert_eq!(open(startup), Ok(Some(Opening::Connect { length: startup.len() })));
    assert!(open(file("garbage")).is_err());
}

#[test]
fn a_length_that_cannot_be_is_refused_with_its_first_bytes() {
    let mut session = PostgresSession::new(Limits::default());
    assert!(matches!(session.request(&file("huge_length")[..5]), Err(WireError::TooLarge { .. })));
    assert!(matches!(session.reply(&file("negative_length")[..5]), Err(WireError::Malformed { .. })));
}
