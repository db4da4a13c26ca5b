//! Which messages answer a unit, which are parts of an answer, and which nobody asked for.

use super::*;
use ReplyClass::{Aside, Complete, Part, Pong, Push};

#[test]
fn a_query_is_answered_up_to_ready_for_query() {
    let mut talk = Talk::new();
    talk.ask(&[&query("SELECT 1; SELEC")]);
    talk.answered(&[
        &notice("careful"),
        &columns(&[("n", 23, 0)]),
        &row(&[Some(b"1")]),
        &completed("SELECT 1"),
        &error("ERROR", "42601", "syntax error"),
        IDLE,
    ]);
    assert!(talk.unasked(IDLE));
}

#[test]
fn pipelined_batches_are_answered_one_by_one_and_an_error_ends_only_its_own() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("", "SELEC"), &bind("", &[]), &execute(""), SYNC]);
    talk.ask(&[&parse("", "SELECT 1"), &bind("", &[]), &execute(""), SYNC]);
    talk.answered(&[&error("ERROR", "42601", "syntax error"), IDLE]);
    talk.answered(&[PARSED, BOUND, &completed("SELECT 1"), IDLE]);
    assert!(talk.unasked(&completed("SELECT 1")));
}

#[test]
fn a_flush_is_answered_by_the_last_message_that_is_owed() {
    let mut talk = Talk::new();
    let last: [&[u8]; 3] = [&completed("SELECT 0"), SUSPENDED, b"I\0\0\0\x04"];
    for last in last {
        talk.ask(&[&close("s"), &parse("s", "SELECT 1"), &bind("s", &[]), &execute(""), FLUSH]);
        talk.answered(&[CLOSED, PARSED, BOUND, &row(&[None]), last]);
    }
    talk.ask(&[&parse("s", "COPY t TO STDOUT"), &bind("s", &[]), &execute(""), FLUSH]);
    talk.answered(&[PARSED, BOUND, COPY_OUT, &copy_data("1\n"), COPY_DONE, &completed("COPY 1")]);
    talk.ask(&[&describe("s"), FLUSH]);
    talk.answered(&[&parameters(&[]), NO_DATA]);
}

#[test]
fn behind_a_flush_what_is_not_owed_is_refused() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("s", "SELECT 1"), FLUSH]);
    let refused = talk.0.reply(BOUND).unwrap_err().to_string();
    assert!(refused.contains("`2`") && refused.contains("`ParseComplete`"), "{refused}");
}

#[test]
fn notices_and_settings_keep_their_place_in_an_answer() {
    let mut talk = Talk::new();
    assert_eq!((talk.hear(SETTING), talk.hear(&notice("hello"))), (Aside, Aside));
    talk.ask(&[&query("SET a = b")]);
    assert_eq!((talk.hear(SETTING), talk.hear(&notice("hello"))), (Part, Part));
}

#[test]
fn notifications_are_pushed_always() {
    let mut talk = Talk::new();
    assert_eq!(talk.hear(&notification("jobs", "1")), Push);
    talk.ask(&[&query("SELECT 1")]);
    assert_eq!(talk.hear(&notification("jobs", "1")), Push);
}

#[test]
fn an_error_outside_an_exchange_is_handed_on() {
    let mut talk = Talk::new();
    assert_eq!(talk.hear(&error("FATAL", "57P01", "terminating connection")), Aside);
    let mut talk = Talk::new();
    assert_eq!(talk.hear(&error("ERROR", "57014", "canceled")), Aside);
    talk.done("SELECT 1", IDLE);
}

#[test]
fn a_fatal_error_ends_everything() {
    let mut talk = Talk::new();
    talk.ask(&[&query("SELECT pg_sleep(1)")]);
    talk.ask(&[&query("SELECT 2")]);
    assert_eq!(talk.hear(&error("FATAL", "57P01", "terminating connection")), Complete);
    assert_eq!(talk.hear(&notice("late")), Aside);
    assert_eq!(talk.0.ping(), None);
}

#[test]
fn an_unasked_answer_is_shown_in_the_error() {
    let refused = Talk::new().0.reply(&completed("UPDATE 1")).unwrap_err().to_string();
    assert!(refused.contains("UPDATE 1"), "{refused}");
}

#[test]
fn a_ping_is_a_sync_whose_answer_is_a_pong() {
    let mut talk = Talk::new();
    assert_eq!(talk.0.ping().as_deref(), Some(SYNC));
    assert_eq!(talk.0.ping(), None, "one is under way");
    assert_eq!((talk.hear(&notification("jobs", "1")), talk.hear(SETTING)), (Push, Aside));
    assert_eq!(talk.hear(IDLE), Pong);
    assert!(!talk.0.used());
}

/// A listener whose next request is held must hear what was said to it all the same.
#[test]
fn a_ping_goes_before_requests_that_are_held() {
    let mut talk = Talk::new();
    talk.ask(&[&query("SELECT 1")]);
    assert!(talk.0.ping().is_some());
    assert_eq!((talk.hear(&notification("jobs", "1")), talk.hear(IDLE)), (Push, Pong));
    assert_eq!(talk.hear(&completed("SELECT 0")), Part);
    assert_eq!(talk.hear(IDLE), Complete);
}

#[test]
fn a_ping_ends_nobodys_transaction() {
    let mut talk = Talk::new();
    talk.ask(&[&parse("", "SELECT 1"), FLUSH]);
    talk.answered(&[PARSED]);
    assert_eq!(talk.0.ping(), None, "a `Sync` would end what the `Flush` left open");
    talk.ask(&[SYNC]);
    talk.answered(&[IDLE]);
    assert!(talk.0.ping().is_some());
}

#[test]
fn conflicts_are_known_by_their_codes() {
    let session = PostgresSession::new(Limits::default());
    for code in ["40001", "40P01", "23505", "23P01", "55P03"] {
        let reply = [&error("ERROR", code, "no")[..], FAILED].concat();
        assert_eq!(session.conflict(&reply).as_deref(), Some(code));
    }
    let other = [&error("ERROR", "42601", "no")[..], FAILED].concat();
    assert_eq!(session.conflict(&other), None);
    assert_eq!(show::sqlstate(&other).as_deref(), Some("42601"));
    assert_eq!(session.conflict(IDLE), None);
}
