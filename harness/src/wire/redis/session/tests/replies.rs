//! Which messages answer a request, which are parts of an answer and which are pushed.

use super::*;
use ReplyClass::{Complete, Part, Push};

/// Whether no request is open that the message could answer.
fn unasked(talk: &mut Talk, bytes: &str) -> bool {
    matches!(talk.0.reply(bytes.as_bytes()), Err(WireError::Unasked { .. }))
}

#[test]
fn each_request_has_one_answer_and_no_more() {
    let mut talk = Talk::new();
    talk.ask("GET k");
    talk.ask("LRANGE l 0 -1");
    assert_eq!(talk.hear("$-1\r\n"), Complete);
    assert_eq!(talk.hear("*1\r\n$7\r\nmessage\r\n"), Complete);
    assert!(unasked(&mut talk, "+OK\r\n"));
}

#[test]
fn an_unasked_answer_is_quoted_in_the_error() {
    let error = Talk::new().0.reply(b"-ERR max number of clients reached\r\n").unwrap_err().to_string();
    assert!(error.contains("max number of clients"), "{error}");
}

#[test]
fn a_refused_request_is_owed_nothing() {
    let mut talk = Talk::new();
    talk.refusal("MONITOR");
    assert!(unasked(&mut talk, "+OK\r\n"));
}

#[test]
fn a_transaction_is_answered_queue_by_queue() {
    let mut talk = Talk::new();
    for line in ["MULTI", "GET k", "EXEC"] {
        talk.ask(line);
    }
    for reply in ["+OK\r\n", "+QUEUED\r\n", "*1\r\n$-1\r\n"] {
        assert_eq!(talk.hear(reply), Complete);
    }
    assert!(unasked(&mut talk, "+OK\r\n"));
}

#[test]
fn a_subscription_is_confirmed_channel_by_channel() {
    for (mut talk, kind) in [(Talk::new(), '*'), (Talk::resp3(), '>')] {
        talk.ask("SUBSCRIBE a b a");
        assert_eq!(talk.hear(&confirmed(kind, "subscribe", "a", 1)), Part);
        assert_eq!(talk.hear(&delivered(kind)), Push);
        assert_eq!(talk.hear(&confirmed(kind, "subscribe", "b", 2)), Part);
        assert_eq!(talk.hear(&confirmed(kind, "subscribe", "a", 2)), Complete);
        assert_eq!(talk.hear(&delivered(kind)), Push);
        assert!(unasked(&mut talk, "+OK\r\n"));
    }
}

#[test]
fn unsubscribing_from_all_is_confirmed_once_per_subscription() {
    let mut talk = Talk::new();
    for line in ["SUBSCRIBE a b", "PSUBSCRIBE p*", "UNSUBSCRIBE", "PUNSUBSCRIBE"] {
        talk.ask(line);
    }
    assert_eq!(talk.hear(&confirmed('*', "subscribe", "a", 1)), Part);
    assert_eq!(talk.hear(&confirmed('*', "subscribe", "b", 2)), Complete);
    assert_eq!(talk.hear(&confirmed('*', "psubscribe", "p*", 3)), Complete);
    assert_eq!(talk.hear(&confirmed('*', "unsubscribe", "b", 2)), Part);
    assert_eq!(talk.hear(&confirmed('*', "unsubscribe", "a", 1)), Complete);
    assert_eq!(talk.hear(&confirmed('*', "punsubscribe", "p*", 0)), Complete);
}

#[test]
fn unsubscribing_from_nothing_is_confirmed_once() {
    let mut talk = Talk::new();
    talk.ask("UNSUBSCRIBE");
    assert_eq!(talk.hear("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"), Complete);
    let mut talk = Talk::resp3();
    talk.ask("SUNSUBSCRIBE");
    assert_eq!(talk.hear(">3\r\n$12\r\nsunsubscribe\r\n_\r\n:0\r\n"), Complete);
    talk.ask("UNSUBSCRIBE a b");
    assert_eq!(talk.hear(&confirmed('>', "unsubscribe", "a", 0)), Part);
    assert_eq!(talk.hear(&confirmed('>', "unsubscribe", "b", 0)), Complete);
}

#[test]
fn an_error_ends_what_a_subscription_is_owed() {
    let mut talk = Talk::new();
    talk.ask("SUBSCRIBE a b");
    talk.ask("GET k");
    assert_eq!(talk.hear("-NOPERM no channel\r\n"), Complete);
    assert_eq!(talk.hear("$-1\r\n"), Complete);
    assert!(unasked(&mut talk, "+OK\r\n"));
    // Without a channel there is an error and nothing else.
    talk.ask("SUBSCRIBE");
    assert_eq!(talk.hear("-ERR wrong number of arguments\r\n"), Complete);
}

#[test]
fn a_subscription_is_not_confirmed_by_anything_else() {
    let mut talk = Talk::new();
    talk.ask("SUBSCRIBE a");
    assert!(matches!(talk.0.reply(b"+OK\r\n"), Err(WireError::Malformed { .. })));
}

#[test]
fn a_subscribed_connection_is_still_answered() {
    let mut talk = Talk::new();
    talk.ask("SUBSCRIBE a");
    talk.hear(&confirmed('*', "subscribe", "a", 1));
    talk.ask("PING");
    talk.ask("GET k");
    assert_eq!(talk.hear(&delivered('*')), Push);
    assert_eq!(talk.hear("*2\r\n$4\r\npong\r\n$0\r\n\r\n"), Complete);
    assert_eq!(talk.hear("-ERR Can't execute 'get'\r\n"), Complete);
    assert!(unasked(&mut talk, "*2\r\n$4\r\npong\r\n$0\r\n\r\n"));
}

#[test]
fn in_resp2_a_delivery_needs_a_subscription() {
    let mut talk = Talk::new();
    assert!(unasked(&mut talk, &delivered('*')));
    talk.ask("LRANGE l 0 -1");
    assert_eq!(talk.hear(&delivered('*')), Complete);
}

#[test]
fn in_resp3_an_array_is_an_answer_and_a_push_never_is() {
    let mut talk = Talk::resp3();
    talk.ask("SUBSCRIBE a");
    talk.hear(&confirmed('>', "subscribe", "a", 1));
    talk.ask("LRANGE l 0 -1");
    assert_eq!(talk.hear(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"), Push);
    assert_eq!(talk.hear(&delivered('*')), Complete);
    assert_eq!(talk.hear(&delivered('>')), Push);
    assert!(unasked(&mut talk, &delivered('*')));
}

#[test]
fn the_protocol_changes_with_the_answer_of_hello_and_only_on_success() {
    let mut talk = Talk::new();
    talk.ask("HELLO 3");
    talk.ask("SUBSCRIBE a");
    talk.hear("-NOAUTH first\r\n");
    assert_eq!(talk.hear(&confirmed('*', "subscribe", "a", 1)), Complete);
    let mut talk = Talk::resp3();
    talk.ask("HELLO 2");
    talk.ask("SUBSCRIBE a");
    talk.hear("*2\r\n$5\r\nproto\r\n:2\r\n");
    assert_eq!(talk.hear(&confirmed('*', "subscribe", "a", 1)), Complete);
    // Without a version nothing changes: an array is still no confirmation.
    let mut talk = Talk::resp3();
    talk.ask("HELLO");
    talk.hear("%0\r\n");
    talk.ask("SUBSCRIBE a");
    assert!(talk.0.reply(confirmed('*', "subscribe", "a", 1).as_bytes()).is_err());
}

#[test]
fn a_server_may_end_a_subscription_unasked() {
    let mut talk = Talk::new();
    talk.ask("SSUBSCRIBE s");
    talk.hear(&confirmed('*', "ssubscribe", "s", 1));
    talk.ask("PING");
    assert_eq!(talk.hear(&confirmed('*', "sunsubscribe", "s", 0)), Push);
    assert!(!talk.0.listens());
    assert_eq!(talk.hear("+PONG\r\n"), Complete);
}

#[test]
fn an_attribute_does_not_hide_what_it_describes() {
    let mut talk = Talk::resp3();
    talk.ask("GET k");
    assert_eq!(talk.hear(&format!("|1\r\n+a\r\n+b\r\n{}", delivered('>'))), Push);
    assert_eq!(talk.hear("|1\r\n+ttl\r\n:1\r\n$1\r\nv\r\n"), Complete);
}
