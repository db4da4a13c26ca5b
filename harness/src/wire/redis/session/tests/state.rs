//! What a connection is known to keep: listening, being used, stored code.

use super::*;

fn used_after(lines: &[&str]) -> bool {
    let mut talk = Talk::new();
    talk.done(lines);
    talk.0.used()
}

#[test]
fn ordinary_work_leaves_a_connection_as_new() {
    assert!(!used_after(&[]));
    assert!(!used_after(&[
        "GET k",
        "SET k v",
        "INCR k",
        "EVAL x 0",
        "PING",
        "CLIENT ID",
        "HELLO",
        "READWRITE"
    ]));
    assert!(!used_after(&["WATCH k", "MULTI", "SET k v", "EXEC"]));
    assert!(!used_after(&["WATCH k", "MULTI", "DISCARD"]));
    assert!(!used_after(&["WATCH k", "UNWATCH"]));
    // The name of a library is no state that a client could meet.
    assert!(!used_after(&["CLIENT SETINFO LIB-NAME x"]));
}

#[test]
fn settings_and_open_ends_leave_a_connection_used() {
    let lines = [
        "HELLO 3",
        "AUTH p",
        "SELECT 1",
        "CLIENT SETNAME x",
        "CLIENT NO-EVICT ON",
        "CLIENT NO-TOUCH ON",
        "READONLY",
        "ASKING",
        "CLIENT TRACKING ON",
        "CLIENT CACHING YES",
        "WATCH k",
        "MULTI",
    ];
    for line in lines {
        assert!(used_after(&[line]), "{line}");
        assert!(!used_after(&[line, "RESET"]), "{line} and RESET");
    }
    // Outside of a transaction these end nothing.
    assert!(used_after(&["WATCH k", "EXEC"]));
    assert!(used_after(&["WATCH k", "DISCARD"]));
    // Inside, settings are made all the same.
    assert!(used_after(&["MULTI", "SELECT 1", "EXEC"]));
    assert!(used_after(&["MULTI", "CLIENT SETNAME x", "EXEC"]));
}

#[test]
fn an_unanswered_request_leaves_a_connection_used() {
    let mut talk = Talk::new();
    talk.ask("BLPOP k 0");
    assert!(talk.0.used());
    talk.hear("*-1\r\n");
    assert!(!talk.0.used());
}

#[test]
fn a_reset_that_failed_resets_nothing() {
    let mut talk = Talk::new();
    talk.done(&["AUTH p"]);
    talk.ask("RESET");
    talk.hear("-ERR unknown command\r\n");
    assert!(talk.0.used());
}

#[test]
fn a_connection_listens_while_it_is_subscribed() {
    let mut talk = Talk::new();
    talk.ask("SUBSCRIBE a");
    assert!(!talk.0.listens());
    talk.hear(&confirmed('*', "subscribe", "a", 1));
    talk.ask("PSUBSCRIBE p");
    talk.hear(&confirmed('*', "psubscribe", "p", 2));
    talk.ask("UNSUBSCRIBE a");
    talk.hear(&confirmed('*', "unsubscribe", "a", 1));
    assert!(talk.0.listens() && talk.0.used());
    talk.ask("PUNSUBSCRIBE");
    talk.hear(&confirmed('*', "punsubscribe", "p", 0));
    assert!(!talk.0.listens() && !talk.0.used());
}

#[test]
fn a_connection_listens_while_keys_are_tracked() {
    for (end, reply) in [("CLIENT TRACKING OFF", "+OK\r\n"), ("RESET", "+RESET\r\n")] {
        let mut talk = Talk::resp3();
        talk.done(&["CLIENT TRACKING ON BCAST"]);
        assert!(talk.0.listens());
        talk.ask(end);
        talk.hear(reply);
        assert!(!talk.0.listens(), "{end}");
    }
    let mut talk = Talk::new();
    talk.ask("CLIENT TRACKING ON");
    talk.hear("-ERR no\r\n");
    assert!(!talk.0.listens());
}

#[test]
fn tracking_that_is_queued_counts_as_on() {
    let mut talk = Talk::new();
    talk.done(&["MULTI", "client tracking on", "CLIENT TRACKING OFF"]);
    assert!(talk.0.listens());
}

#[test]
fn a_reset_ends_subscriptions_and_the_third_protocol() {
    let mut talk = Talk::resp3();
    talk.ask("SUBSCRIBE a");
    talk.hear(&confirmed('>', "subscribe", "a", 1));
    talk.ask("RESET");
    talk.hear("+RESET\r\n");
    assert!(!talk.0.listens() && !talk.0.used());
    talk.ask("SUBSCRIBE a");
    assert_eq!(talk.hear(&confirmed('*', "subscribe", "a", 1)), ReplyClass::Complete);
}

#[test]
fn code_is_known_to_be_stored_also_from_inside_a_transaction() {
    let storing = [
        "EVAL x 0",
        "EVALSHA x 0",
        "EVAL_RO x 0",
        "EVALSHA_RO x 0",
        "SCRIPT LOAD x",
        "FUNCTION LOAD x",
        "FUNCTION RESTORE x",
    ];
    for line in storing {
        for lines in [&[line][..], &["MULTI", line]] {
            let mut talk = Talk::new();
            talk.done(lines);
            assert!(talk.0.stored_code(), "{lines:?}");
        }
    }
    for line in ["FCALL f 0", "SCRIPT EXISTS x", "FUNCTION LIST", "SET k EVAL"] {
        let mut talk = Talk::new();
        talk.done(&[line]);
        assert!(!talk.0.stored_code(), "{line}");
    }
}

/// What such a connection does concerns other keys, or others' writes concern it.
#[test]
fn connection_that_left_its_database_or_tracks_keys_says_so_with_every_request() {
    let mut session = RedisSession::new(Limits::default());
    let mut told = |line: &str| {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let context = session.request(&command(&words)).unwrap().unwrap().context;
        context.is_some_and(|context| context.get::<Elsewhere>().is_some())
    };
    assert!(!told("SELECT 0") && !told("GET k"));
    assert!(told("SELECT 1") && told("GET k"));
    assert!(!told("RESET") && !told("GET k"));
    assert!(told("CLIENT TRACKING ON") && told("GET k"));
}
