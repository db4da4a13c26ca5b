//! Tests of which errors are possible, and of how they look.

use super::super::samples::{IDLE, OPEN, completed, error, query};
use super::*;

fn codes(sql: &str, transaction: Transaction) -> String {
    let codes = possible(&query(sql), None, transaction);
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn lone_read_conflicts_with_nobody_and_one_in_a_transaction_may() {
    assert_eq!(codes("SELECT 1", Transaction::None), "57P01");
    assert_eq!(codes("SELECT 1; SELECT 2", Transaction::None), "57P01");
    assert_eq!(codes("SELECT 1", Transaction::Open), "40001 40P01 57P01");
}

#[test]
fn what_writes_or_locks_may_conflict() {
    for sql in [
        "UPDATE t SET n = 1",
        "(SELECT * FROM t) FOR UPDATE",
        "WITH a AS (DELETE FROM t RETURNING n) SELECT * FROM a",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT 1; INSERT INTO t VALUES (1)",
        "LOCK TABLE t",
    ] {
        assert_eq!(codes(sql, Transaction::None), "40001 40P01 57P01", "{sql}");
    }
}

/// What begins or ends a transaction cannot fail so, but for the commit.
#[test]
fn control_of_a_transaction_is_left_alone() {
    for sql in
        ["BEGIN", "ROLLBACK", "SAVEPOINT a", "SET a = 1", "COMMIT AND CHAIN", "BEGIN; UPDATE t SET n = 1", ""]
    {
        assert_eq!(codes(sql, Transaction::Open), "57P01", "{sql}");
    }
    assert_eq!(codes("COMMIT", Transaction::Open), "40001 57P01");
    assert_eq!(codes("COMMIT", Transaction::None), "57P01");
    assert_eq!(codes("UPDATE t SET n = 1", Transaction::Failed), "57P01");
}

/// The server keeps the state, the client is told the code and the text.
#[test]
fn error_tells_nothing_of_how_it_came_about() {
    let code: Word = "40P01".parse().expect("a word");
    let reply = [error("ERROR", "40P01", "deadlock detected"), OPEN.to_vec()].concat();
    let told = cleaned(code, &reply);
    assert!(told.ends_with(OPEN));
    let message = Messages::of(&told).next().expect("an error");
    let fields: Vec<u8> = notice_fields(message.body).map(|(field, _)| field).collect();
    assert!(fields.iter().all(|field| b"SVCM".contains(field)) && fields.contains(&b'C'), "{fields:?}");
}

#[test]
fn failed_commit_is_told_as_an_error_outside_of_a_transaction() {
    let code: Word = "40001".parse().expect("a word");
    assert!(
        matches!(inject(&query("COMMIT"), None, code), Injected::Instead(bytes) if bytes == query("ROLLBACK"))
    );
    let told = cleaned(code, &[completed("ROLLBACK"), IDLE.to_vec()].concat());
    let tags: Vec<u8> = Messages::of(&told).map(|message| message.tag).collect();
    assert_eq!(tags, *b"EZ");
    assert!(told.ends_with(IDLE));
}

/// Whatever the bytes are, a decision is made and what is told is whole.
#[test]
fn any_bytes_do_no_harm() {
    let code: Word = "40001".parse().expect("a word");
    for bytes in [&b""[..], b"Q", b"Q\0\0\0\x04", b"S\0\0\0\x04", b"E\0\0\0\x05C", b"\xff\xff\xff\xff\xff"] {
        assert!(possible(bytes, None, Transaction::Open).contains(&SHUTDOWN.parse().expect("a word")));
        inject(bytes, None, code);
        assert!(Messages::whole(&cleaned(code, bytes)).is_some(), "{bytes:?}");
    }
}
