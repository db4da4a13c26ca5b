//! Data that the client sends for a `COPY`.

use super::*;

/// Begins a `COPY` by the extended protocol.
fn begin_extended(talk: &mut Talk) {
    talk.ask(&[&parse("", "COPY t FROM STDIN"), &bind("", &[]), &execute(""), SYNC]);
    talk.answered(&[PARSED, BOUND, COPY_IN]);
}

fn begin_simple(talk: &mut Talk) {
    talk.ask(&[&query("COPY t FROM STDIN")]);
    talk.answered(&[COPY_IN]);
}

#[test]
fn the_data_of_a_simple_copy_is_one_step() {
    let mut talk = Talk::new();
    begin_simple(&mut talk);
    assert!(talk.0.lingers(), "the table is locked");
    assert!(talk.waits(&[&copy_data("1\n"), SYNC, &copy_data("2\n")]));
    assert_eq!(talk.ask(&[&copy_data("1\n"), SYNC, &copy_data("2\n"), COPY_DONE]), STEP);
    talk.answered(&[&completed("COPY 2"), IDLE]);
    assert!(!talk.0.lingers());
}

#[test]
fn the_data_of_an_extended_copy_ends_with_its_sync() {
    let mut talk = Talk::new();
    begin_extended(&mut talk);
    assert_eq!(talk.0.ping(), None);
    assert!(talk.waits(&[&copy_data("1\n"), COPY_DONE]));
    assert_eq!(talk.ask(&[&copy_data("1\n"), COPY_DONE, SYNC]), STEP);
    talk.answered(&[&completed("COPY 1"), IDLE]);
    talk.done("SELECT 1", IDLE);
}

#[test]
fn a_client_may_give_a_copy_up() {
    let mut talk = Talk::new();
    begin_simple(&mut talk);
    assert_eq!(talk.ask(&[&message(b'f', b"no more\0")]), STEP);
    talk.answered(&[&error("ERROR", "57014", "COPY from stdin failed"), IDLE]);
    begin_simple(&mut talk);
    assert_eq!(talk.ask(&[&copy_data("1\n"), TERMINATE]), RequestClass::Goodbye);
}

#[test]
fn data_waits_until_the_server_has_asked_for_it_or_refused_it() {
    let mut talk = Talk::new();
    talk.ask(&[&query("COPY t FROM STDIN")]);
    assert!(talk.waits(&[&copy_data("1\n"), COPY_DONE]));
    talk.answered(&[&error("ERROR", "42P01", "no such table"), IDLE]);
    assert_eq!(talk.ask(&[&copy_data("1\n")]), RequestClass::Part);
    assert_eq!(talk.ask(&[COPY_DONE]), RequestClass::Part);
    talk.done("SELECT 1", IDLE);
}

#[test]
fn a_server_may_give_a_copy_up_before_it_has_the_data() {
    let mut talk = Talk::new();
    begin_simple(&mut talk);
    assert!(talk.waits(&[&copy_data("1\n")]));
    assert_eq!(talk.hear(&error("ERROR", "57014", "statement timeout")), ReplyClass::Aside);
    assert_eq!(talk.hear(IDLE), ReplyClass::Aside);
    assert_eq!(talk.ask(&[&copy_data("1\n")]), RequestClass::Part);
    assert!(!talk.0.lingers());
    talk.done("SELECT 1", IDLE);

    begin_extended(&mut talk);
    assert_eq!(talk.hear(&error("ERROR", "57014", "statement timeout")), ReplyClass::Aside);
    assert_eq!(talk.ask(&[&copy_data("1\n"), COPY_DONE, SYNC]), RequestClass::Pass);
    talk.answered(&[IDLE]);
}

/// As PostgreSQL 15 answers it.
#[test]
fn more_than_data_behind_an_execute_ends_the_connection() {
    let mut talk = Talk::new();
    let statement = parse("", "COPY t FROM STDIN");
    talk.ask(&[&statement, &bind("", &[]), &execute(""), &bind("", &[]), &execute(""), SYNC]);
    let wrong = error("ERROR", "08P01", "unexpected message type 0x42 during COPY from stdin");
    let lost = error("FATAL", "08P01", "protocol synchronization was lost");
    talk.answered(&[PARSED, BOUND, COPY_IN, &wrong, &lost]);
}

#[test]
fn what_is_no_data_is_refused_and_so_is_too_much() {
    let mut talk = Talk(PostgresSession::new(Limits { message_bytes_max: 100, ..Limits::default() }));
    begin_simple(&mut talk);
    let refused = talk.0.request(&query("SELECT 1")).unwrap_err().to_string();
    assert!(refused.contains("`COPY` awaits data"), "{refused}");
    let data = copy_data("0123456789").repeat(7);
    assert!(matches!(talk.0.request(&data), Err(WireError::TooLarge { limit: 100, .. })));
}

#[test]
fn one_query_may_copy_twice() {
    let mut talk = Talk::new();
    begin_simple(&mut talk);
    talk.ask(&[COPY_DONE]);
    talk.answered(&[&completed("COPY 0"), COPY_IN]);
    talk.ask(&[&copy_data("1\n"), COPY_DONE]);
    talk.answered(&[&completed("COPY 1"), IDLE]);
}
