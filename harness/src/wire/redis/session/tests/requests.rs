//! Which requests pass, are steps, may block or are refused.

use super::*;

#[test]
fn ordinary_commands_are_steps_that_do_not_block() {
    let lines = [
        "GET k",
        "SET k v",
        "incr k",
        "EVAL x 0",
        "FCALL f 0",
        "PUBLISH a b",
        "TIME",
        "FLUSHDB",
        "FLUSHALL",
        "SWAPDB 0 1",
        "MOVE k 1",
        "COPY a b DB 1",
        "CONFIG SET a b",
        "CONFIG GET a",
        "CLIENT LIST",
        "CLIENT KILL ID 1",
        "CLIENT PAUSE 1",
        "CLIENT UNPAUSE",
        "CLIENT UNBLOCK 1",
        "DEBUG SLEEP 0",
        "ACL SETUSER a",
        "REPLICAOF NO ONE",
        "NOT-A-COMMAND",
        "",
        "SUBSCRIBE a",
        "UNSUBSCRIBE",
        "PSUBSCRIBE a",
        "SSUBSCRIBE a",
        "SUNSUBSCRIBE a",
        "WATCH k",
        "EXEC",
    ];
    for line in lines {
        assert_eq!(Talk::new().ask(line), STEP, "{line}");
    }
}

#[test]
fn what_concerns_only_the_own_connection_passes() {
    let lines = [
        "HELLO 3",
        "HELLO",
        "AUTH p",
        "SELECT 1",
        "PING",
        "ping x",
        "ECHO x",
        "COMMAND",
        "COMMAND DOCS",
        "QUIT",
        "RESET",
        "READONLY",
        "READWRITE",
        "ASKING",
        "CLIENT SETINFO LIB-NAME x",
        "CLIENT SETNAME x",
        "CLIENT GETNAME",
        "CLIENT ID",
        "CLIENT INFO",
        "CLIENT NO-EVICT ON",
        "CLIENT NO-TOUCH ON",
        "CLIENT TRACKING ON",
        "CLIENT CACHING YES",
        "CLIENT TRACKINGINFO",
        "CLIENT GETREDIR",
        "CLIENT HELP",
        "CLIENT REPLY ON",
        "DISCARD",
        "UNWATCH",
    ];
    for line in lines {
        assert_eq!(Talk::new().ask(line), RequestClass::Pass, "{line}");
    }
}

#[test]
fn commands_that_wait_for_others_may_block() {
    let lines = [
        "BLPOP k 0",
        "BRPOP k 0",
        "BLMOVE a b LEFT LEFT 0",
        "BRPOPLPUSH a b 0",
        "BLMPOP 0 1 k LEFT",
        "BZPOPMIN k 0",
        "BZPOPMAX k 0",
        "BZMPOP 0 1 k MIN",
        "XREAD BLOCK 0 STREAMS s $",
        "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
        "WAIT 1 0",
        "WAITAOF 1 0 0",
    ];
    for line in lines {
        assert_eq!(Talk::new().ask(line), BLOCKING, "{line}");
    }
    for line in ["LPOP k", "XREAD STREAMS s 0", "XREADGROUP GROUP BLOCK c STREAMS s >"] {
        assert_eq!(Talk::new().ask(line), STEP, "{line}");
    }
}

#[test]
fn nothing_blocks_inside_a_transaction_and_exec_is_its_one_step() {
    let mut talk = Talk::new();
    for line in
        ["MULTI", "GET k", "BLPOP k 0", "XREAD BLOCK 0 STREAMS s $", "WATCH k", "MULTI", "CLIENT LIST"]
    {
        assert_eq!(talk.ask(line), RequestClass::Queue, "{line}");
    }
    assert_eq!(talk.ask("EXEC"), STEP);
    assert_eq!(talk.ask("BLPOP k 0"), BLOCKING);
}

#[test]
fn a_discarded_or_reset_transaction_is_over() {
    for end in ["DISCARD", "RESET"] {
        let mut talk = Talk::new();
        for line in ["MULTI", "GET k"] {
            assert_eq!(talk.ask(line), RequestClass::Queue, "{line}");
        }
        assert_eq!(talk.ask(end), RequestClass::Pass, "{end}");
        assert_eq!(talk.ask("GET k"), STEP, "after {end}");
    }
}

#[test]
fn what_the_server_refuses_to_end_a_transaction_does_not_end_it() {
    let mut talk = Talk::new();
    for line in ["MULTI", "DISCARD x", "RESET x", "UNWATCH", "GET k"] {
        assert_eq!(talk.ask(line), RequestClass::Queue, "{line}");
    }
    // A wrong `EXEC` does: the server answers EXECABORT.
    assert_eq!(talk.ask("EXEC x"), STEP);
    assert_eq!(talk.ask("GET k"), STEP);
}

#[test]
fn a_multi_that_failed_opens_nothing() {
    let mut talk = Talk::new();
    talk.ask("MULTI");
    talk.hear("-NOAUTH Authentication required.\r\n");
    assert_eq!(talk.ask("GET k"), STEP);
    // Nor does its wrong form, whose answer need not be waited for.
    let mut talk = Talk::new();
    talk.ask("MULTI x");
    assert_eq!(talk.ask("GET k"), STEP);
}

#[test]
fn a_late_error_does_not_close_a_later_transaction() {
    let mut talk = Talk::new();
    for line in ["MULTI", "DISCARD", "MULTI"] {
        talk.ask(line);
    }
    talk.hear("-LOADING wait\r\n");
    assert_eq!(talk.ask("GET k"), RequestClass::Queue);
}

#[test]
fn an_error_to_a_nested_multi_leaves_the_transaction_open() {
    let mut talk = Talk::new();
    talk.done(&["MULTI"]);
    talk.ask("MULTI");
    talk.hear("-ERR MULTI calls can not be nested\r\n");
    assert_eq!(talk.ask("GET k"), RequestClass::Queue);
}

#[test]
fn what_would_break_the_gate_is_refused_with_its_name() {
    let lines = [
        "MONITOR",
        "SYNC",
        "PSYNC ? -1",
        "REPLCONF ack 1",
        "CLIENT REPLY OFF",
        "CLIENT REPLY SKIP",
        "SCRIPT DEBUG YES",
        "SHUTDOWN",
        "FAILOVER",
        "DEBUG SEGFAULT",
        "DEBUG RESTART",
        "REPLICAOF host 1",
        "SLAVEOF host 1",
        "POST",
    ];
    for line in lines {
        let reason = Talk::new().refusal(line);
        let name: Vec<&str> = line.split(' ').collect();
        assert!(reason.starts_with(&format!("`{}", name[0])), "{reason}");
    }
    assert!(Talk::new().refusal("client reply off").starts_with("`CLIENT REPLY` makes the server skip"));
}

#[test]
fn subscriptions_and_hello_are_refused_inside_a_transaction_only() {
    for line in ["SUBSCRIBE a", "PUNSUBSCRIBE", "SSUBSCRIBE a", "HELLO 3", "CLIENT REPLY OFF", "MONITOR"] {
        let mut talk = Talk::new();
        talk.ask("MULTI");
        assert!(talk.refusal(line).starts_with('`'), "{line}");
    }
    assert_eq!(Talk::new().ask("SUBSCRIBE a"), STEP);
}

#[test]
fn a_typed_request_means_the_same() {
    let mut session = RedisSession::new(Limits::default());
    let mut class = |line: &str| session.request(line.as_bytes()).expect("legal").expect("whole").class;
    assert_eq!(class("\r\nping\r\n"), RequestClass::Pass);
    assert_eq!(class("blpop \"k\" 0\n"), BLOCKING);
    assert_eq!(class("MULTI\r\n"), RequestClass::Queue);
    assert_eq!(class("GET k\r\n"), RequestClass::Queue);
    assert_eq!(class("EXEC\r\n"), STEP);
}
