//! What a connection is known to keep between two exchanges.

use super::*;

#[test]
fn an_open_transaction_lingers() {
    let mut talk = Talk::new();
    assert!(!talk.0.lingers());
    talk.done("BEGIN", OPEN);
    assert!(talk.0.lingers());
    talk.done("SELEC", FAILED);
    assert!(talk.0.lingers());
    talk.done("ROLLBACK", IDLE);
    assert!(!talk.0.lingers());
}

#[test]
fn what_ran_behind_a_flush_lingers_until_the_sync() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("", "DELETE FROM t"), &bind("", &[]), &execute(""), FLUSH]);
    talk.answered(&[PARSED, BOUND, &completed("DELETE 1")]);
    assert!(talk.0.lingers());
    talk.ask(&[SYNC]);
    talk.answered(&[IDLE]);
    assert!(!talk.0.lingers());
}

#[test]
fn a_sessions_lock_lingers_until_all_are_let_go() {
    let mut talk = Talk::new();
    talk.done("SELECT pg_try_advisory_lock(1)", IDLE);
    talk.done("SELECT pg_advisory_unlock(1)", IDLE);
    assert!(talk.0.lingers(), "how often it was taken is not known");
    talk.done("SELECT pg_advisory_unlock_all()", IDLE);
    assert!(!talk.0.lingers());
    talk.done("SELECT pg_advisory_xact_lock(1)", IDLE);
    assert!(!talk.0.lingers());
}

#[test]
fn a_connection_listens_until_it_says_otherwise() {
    let mut talk = Talk::new();
    talk.ask(&[&query("LISTEN jobs")]);
    assert!(!talk.0.listens());
    talk.answered(&[&completed("LISTEN"), IDLE]);
    talk.done("UNLISTEN other", IDLE);
    talk.done("BEGIN", OPEN);
    talk.done("UNLISTEN *", OPEN);
    assert!(talk.0.listens(), "it may be rolled back");
    talk.done("ROLLBACK", IDLE);
    talk.done("UNLISTEN *", IDLE);
    assert!(!talk.0.listens());
    talk.done("LISTEN jobs", IDLE);
    talk.done("DISCARD ALL", IDLE);
    assert!(!talk.0.listens());
}

#[test]
fn a_listen_that_failed_does_not_listen() {
    let mut talk = Talk::new();
    talk.ask(&[&query("LISTEN jobs; SELEC")]);
    talk.answered(&[&completed("LISTEN"), &error("ERROR", "42601", "syntax error"), IDLE]);
    assert!(!talk.0.listens());
}

#[test]
fn a_lock_on_the_structure_lasts_as_long_as_its_transaction() {
    let mut talk = Talk::new();
    talk.done("ALTER TABLE t ADD c int", IDLE);
    assert!(!talk.0.excludes());
    talk.done("BEGIN; LOCK TABLE t", OPEN);
    assert!(talk.0.excludes());
    talk.done("SELECT 1", OPEN);
    assert!(talk.0.excludes());
    talk.done("COMMIT", IDLE);
    assert!(!talk.0.excludes());
    talk.done("BEGIN; CREATE TEMP TABLE t (n int)", OPEN);
    assert!(!talk.0.excludes());
}

#[test]
fn stored_code_is_known_as_soon_as_it_is_asked_for() {
    let mut talk = Talk::new();
    talk.done("CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1)", IDLE);
    assert!(!talk.0.stored_code());
    talk.ask(&[&parse("", "CREATE TABLE t (n int)"), SYNC]);
    assert!(!talk.0.stored_code(), "it is prepared only");
    talk.ask(&[&bind("", &[]), &execute(""), SYNC]);
    assert!(talk.0.stored_code());
}

#[test]
fn any_request_leaves_a_connection_used_and_a_goodbye_does_not() {
    let mut talk = Talk::new();
    talk.ask(&[TERMINATE]);
    assert!(!talk.0.used());
    talk.ask(&[SYNC]);
    assert!(talk.0.used());
}
