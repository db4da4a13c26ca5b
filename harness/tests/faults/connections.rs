//! Connections that end before their request is executed, or after it: what the client sees and what the store keeps.

use raceproof::Verdict;

use crate::script::{Script, ended, fault};

const TABLE: &str = "CREATE TABLE t (n int); INSERT INTO t VALUES (0)";

/// The store has the value although the client was told nothing; on a new connection it reads it.
#[test]
fn request_whose_reply_is_lost_is_executed() {
    let trace = Script::redis(&[&["SET a 1", "GET a"]]).along("A? A.1", "lost-reply");
    let (_, hit) = fault(&trace.steps[0]);
    let hit = hit.expect("a request was hit");
    assert_eq!((hit.request.as_str(), hit.executed, hit.reply.as_deref()), ("SET a 1", true, Some("OK")));
    assert_eq!(ended(&trace, 0), ["unknown, hit in step 1 when executed", "ok bulk-string('\"1\"')"]);
}

#[test]
fn request_of_a_dropped_connection_is_not_executed() {
    let trace = Script::redis(&[&["SET a 1", "GET a"]]).along("A- A.1", "drop");
    let (_, hit) = fault(&trace.steps[0]);
    let hit = hit.expect("a request was hit");
    assert_eq!((hit.request.as_str(), hit.executed, hit.reply.as_deref()), ("SET a 1", false, None));
    assert_eq!(ended(&trace, 0), ["unknown, hit in step 1", "ok nil"]);
    assert_eq!(trace.final_state, "(empty)");
}

#[test]
fn commit_whose_reply_is_lost_is_committed() {
    let script = Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", "COMMIT", "SELECT n FROM t"]]);
    let trace = script.given(TABLE).along("A A A? A.1", "lost-reply");
    assert!(trace.final_state.contains('1'), "{}", trace.final_state);
    assert_eq!(ended(&trace, 0)[2], "unknown, hit in step 3 when executed");
}

/// The end of the client ends its transaction, and in the same step the one who waited for it goes on.
#[test]
fn write_whose_reply_is_lost_in_a_transaction_is_rolled_back() {
    for (schedule, model) in [("A A B A?", "lost-reply"), ("A A B A-", "drop")] {
        let script = Script::postgres(&[
            &["BEGIN", "UPDATE t SET n = 1", "UPDATE t SET n = 2"],
            &["UPDATE t SET n = n + 10"],
        ]);
        let trace = script.given(TABLE).along(schedule, model);
        assert_eq!(trace.steps[3].woken.len(), 1, "{schedule}: {:?}", trace.steps[3]);
        assert!(trace.final_state.contains("10"), "{schedule}: {}", trace.final_state);
    }
}

#[test]
fn prepared_statement_whose_reply_is_lost_is_executed() {
    let script = Script::postgres(&[&["prepared: UPDATE t SET n = n + 1", "prepared: SELECT n FROM t"]]);
    let trace = script.given(TABLE).along("A? A.1", "lost-reply");
    assert!(trace.final_state.contains('1'), "{}", trace.final_state);
    assert_eq!(ended(&trace, 0), ["unknown, hit in step 1 when executed", "ok 1"]);
}

/// The fault is remembered: the request waits first, and its reply is lost when another's step lets it go.
#[test]
fn reply_is_lost_even_if_the_request_waits_first() {
    let script = Script::postgres(&[
        &["BEGIN", "UPDATE t SET n = 1", "COMMIT"],
        &["UPDATE t SET n = n + 10", "SELECT n FROM t"],
    ]);
    let trace = script.given(TABLE).along("A A B? A B.1", "lost-reply");
    let (_, hit) = fault(&trace.steps[2]);
    assert!(hit.is_some_and(|hit| !hit.executed && hit.reply.is_none()), "{:?}", trace.steps[2]);
    assert!(trace.steps[3].woken[0].lost, "{:?}", trace.steps[3]);
    assert!(trace.final_state.contains("11"), "{}", trace.final_state);
    assert_eq!(ended(&trace, 1)[0], "unknown, hit in step 3 when executed");
}

#[test]
fn element_that_a_blocked_pop_takes_is_gone_with_its_reply() {
    let script = Script::redis(&[&["BLPOP q 0", "LLEN q"], &["RPUSH q x"]]);
    let trace = script.along("A? B A.1", "lost-reply");
    assert!(trace.steps[1].woken[0].lost, "{:?}", trace.steps[1]);
    assert_eq!(trace.final_state, "(empty)");
    assert_eq!(ended(&trace, 0), ["unknown, hit in step 1 when executed", "ok int(0)"]);
}

/// The end of a connection takes another way there, and takes it every time.
#[test]
fn clients_over_the_network_see_the_same() {
    for (schedule, model) in [("A A? A.1 B", "lost-reply"), ("A A- A.1 B", "drop"), ("A A~ B", "crash")] {
        let script = Script::redis(&[&["SET a 1", "INCR a", "GET a"], &["GET a"]]);
        let trace = script.over_tcp().along(schedule, model);
        let expected = if model == "lost-reply" { "a=2" } else { "a=1" };
        assert_eq!(trace.final_state, expected, "{schedule}");
        let script =
            Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", "SELECT n FROM t"], &["SELECT n FROM t"]]);
        let trace = script.given(TABLE).over_tcp().along(schedule, model);
        assert!(trace.final_state.contains('0'), "{schedule}: {}", trace.final_state);
    }
}

/// Two schedules without faults; each of the two requests may be dropped, or its reply lost, or both.
#[test]
fn no_more_faults_happen_than_the_model_allows() {
    let counts = |model: &str| {
        let outcome = Script::redis(&[&["INCR a"], &["INCR a"]]).explore(model);
        assert_eq!((&outcome.verdict, outcome.coverage.exhausted), (&Verdict::Pass, true));
        outcome.coverage.schedules
    };
    assert_eq!(counts("none"), 2);
    assert_eq!(counts("pause"), 2);
    assert_eq!(counts("drop"), 2 + 4);
    assert_eq!(counts("drop*2"), 2 + 4 + 2);
    assert_eq!(counts("drop+lost-reply"), 2 + 8);
    assert_eq!(counts("crash"), 2 + 4);
}
