//! Tests of [`Following`] without a server: what a connection's past, and the answers, do to footprints.

use super::*;
use crate::id::WorkerId;
use crate::wire::redis::command;

const A: ConnectionId = ConnectionId { worker: WorkerId(0), ordinal: 0 };
const B: ConnectionId = ConnectionId { worker: WorkerId(1), ordinal: 0 };

fn touch(key: &str, writes: bool) -> Touch {
    Touch { object: Some(format!("key {key}").into()), part: None, writes }
}

fn keys(key: &str, writes: bool) -> Reach {
    Reach::Keys([touch(key, writes)].into())
}

fn bytes(line: &str) -> Vec<u8> {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    command(&words)
}

/// The footprint of one request with its answer, if it has one.
fn take(
    following: &mut Following,
    id: ConnectionId,
    line: &str,
    reach: Reach,
    reply: Option<&str>,
) -> Footprint {
    let request = bytes(line);
    let reply = reply.map(|reply| format!("{reply}\r\n"));
    let reply = reply.as_ref().map(String::as_bytes);
    let exchange = Exchange { connection: id, queued: &[], request: &request, context: None, reply };
    following.take(&exchange, &[reach])
}

#[test]
fn request_that_waits_is_told_again_when_it_is_answered() {
    let mut following = Following::default();
    let waits = take(&mut following, A, "BLPOP q 0", keys("q", true), None);
    assert_eq!(waits, Footprint(vec![touch("q", true)]));
    let go_on = Exchange { connection: A, queued: &[], request: b"", context: None, reply: Some(b"*0\r\n") };
    assert_eq!(following.take(&go_on, &[]), waits);
    let unknown = Exchange { connection: B, ..go_on };
    assert_eq!(following.take(&unknown, &[]), Footprint::everything());
}

#[test]
fn answer_that_says_that_nothing_was_written_makes_a_write_a_read() {
    let mut following = Following::default();
    let mut of = |line, reply| take(&mut following, A, line, keys("k", true), Some(reply));
    let (read, written) = (Footprint(vec![touch("k", false)]), Footprint(vec![touch("k", true)]));
    assert_eq!(of("SET k v NX", "$-1"), read);
    assert_eq!(of("SET k v NX", "+OK"), written);
    assert_eq!(of("DEL k", ":0"), read);
    for (line, reply) in
        [("XREADGROUP GROUP g c STREAMS k >", "*-1"), ("PFCOUNT k", ":0"), ("BLPOP k 0", "*-1")]
    {
        assert_eq!(of(line, reply), written, "{line} leaves traces");
    }
    assert_eq!(of("SET k v", "-OOM command not allowed"), Footprint::everything());
}

#[test]
fn transaction_touches_what_is_queued_and_what_was_watched() {
    let mut following = Following::default();
    let mut exec = |reply: &str| {
        take(&mut following, A, "WATCH w", Reach::Watches([touch("w", false)].into()), Some("+OK"));
        let queued: Vec<Bytes> = ["MULTI", "SET k v"].map(|line| bytes(line).into()).into();
        let (request, reply) = (bytes("EXEC"), format!("{reply}\r\n"));
        let reply = Some(reply.as_bytes());
        let exchange = Exchange { connection: A, queued: &queued, request: &request, context: None, reply };
        following.take(&exchange, &[Reach::Nothing, keys("k", true), Reach::Executes])
    };
    let both = Footprint(vec![touch("k", true), touch("w", false)]);
    assert_eq!(exec("*1\r\n+OK"), both);
    assert_eq!(exec("*-1"), Footprint(vec![touch("w", false)]), "it was not executed");
    assert_eq!(exec("*1\r\n+OK"), both, "each time anew");
    let executes = take(&mut following, A, "EXEC", Reach::Executes, Some("-ERR EXEC without MULTI"));
    assert_eq!(executes, Footprint::nothing());
}

#[test]
fn once_somebody_listens_everything_is_heard() {
    let mut following = Following::default();
    take(&mut following, A, "SUBSCRIBE c", Reach::Listens, None);
    assert_eq!(take(&mut following, B, "GET k", keys("k", false), Some("$-1")), Footprint::everything());
    following.begin();
    assert_ne!(take(&mut following, B, "GET k", keys("k", false), Some("$-1")), Footprint::everything());
}

/// Two new keys in another order are listed in another order.
#[test]
fn writes_of_different_keys_conflict_once_the_order_of_keys_was_shown() {
    let mut following = Following::default();
    let writes = |following: &mut Following| {
        let a = take(following, A, "SET a v", keys("a", true), Some("+OK"));
        a.conflicts_with(&take(following, B, "SET b v", keys("b", true), Some("+OK")))
    };
    let shows = |following: &mut Following, shows_order| {
        take(following, A, "KEYS *", Reach::Reads { shows_order }, Some("*0"))
    };
    assert!(!writes(&mut following));
    shows(&mut following, false);
    assert_eq!(following.coarseness(), 0, "a count shows no order");
    shows(&mut following, true);
    assert_eq!(following.coarseness(), 1);
    following.begin();
    assert!(writes(&mut following));
    shows(&mut following, true);
    assert_eq!(following.coarseness(), 1, "it was known");
    following.forget();
    assert!(!writes(&mut following));
}

/// `EVALSHA` before the `EVAL` is an error.
#[test]
fn storing_a_script_is_noticed_by_who_calls_it_by_its_name() {
    let mut following = Following::default();
    let script = |following: &mut Following, stores| {
        let reach = Reach::Script { touches: [].into(), sha: "5c1".into(), stores };
        take(following, A, "EVAL x 0", reach, Some(":1"))
    };
    assert_eq!(script(&mut following, true), Footprint::nothing());
    let called = script(&mut following, false);
    assert_eq!(following.coarseness(), 1);
    let stored = script(&mut following, true);
    assert!(stored.conflicts_with(&called) && !called.conflicts_with(&called));
}
