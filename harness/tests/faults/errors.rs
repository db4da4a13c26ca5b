//! Errors that a server may give and that are given here by choice: the client library knows each by its type, and the
//! session goes on.

use std::sync::Arc;

use raceproof::history::{Effect, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::{Needs, SetUp};
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::script::{Script, along, ended, engine_with, fault};

const TABLE: &str = "CREATE TABLE t (n int); INSERT INTO t VALUES (0)";

#[test]
fn each_error_of_redis_has_its_type_and_changes_nothing() {
    for (code, kind) in [
        ("LOADING", "LOADING as Server(BusyLoading)"),
        ("READONLY", "READONLY as Server(ReadOnly)"),
        ("OOM", "OOM as Extension"),
        ("BUSY", "BUSY as Extension"),
    ] {
        let script = Script::redis(&[&["SET a 1", "GET a", "SET a 2"]]);
        let trace = script.along(&format!("A={code} A A"), "error");
        assert_eq!(ended(&trace, 0), [&format!("error {kind}, hit in step 1"), "ok nil", "ok ok"], "{code}");
        let (_, hit) = fault(&trace.steps[0]);
        assert!(hit.is_some_and(|hit| !hit.executed && hit.reply.is_some()), "{:?}", trace.steps[0]);
        assert_eq!(trace.final_state, "a=2");
    }
}

/// Neither the queued writes nor the watch outlive it.
#[test]
fn transaction_that_is_refused_is_over() {
    for code in ["LOADING", "READONLY", "OOM", "BUSY"] {
        let script = Script::redis(&[&["WATCH a", "MULTI", "SET a 1", "EXEC", "GET a", "SET a 2"]]);
        let trace = script.along(&format!("A A={code} A A"), "error");
        let refused = "error EXECABORT as Server(ExecAbort), hit in step 2";
        assert_eq!(ended(&trace, 0)[3..], [refused, "ok nil", "ok ok"], "{code}");
    }
}

#[test]
fn read_is_not_refused_for_what_only_writes_are() {
    let read = || Script::redis(&[&["GET a"]]);
    assert_eq!(read().fitting("A=READONLY", "error"), "");
    assert_eq!(read().fitting("A=OOM", "error"), "");
    assert_eq!(read().fitting("A=LOADING", "error"), "A=LOADING");
}

/// The transaction is aborted, and what the client does next is what it would do after the server's own error.
#[test]
fn statement_that_fails_aborts_its_transaction() {
    for code in ["40001", "40P01"] {
        for update in ["UPDATE t SET n = 1", "prepared: UPDATE t SET n = 1"] {
            let script = Script::postgres(&[&["BEGIN", update, "SELECT 1", "ROLLBACK", update]]);
            let trace = script.given(TABLE).along(&format!("A A={code} A A A"), "error");
            let failed = format!("error {code}, hit in step 2");
            let told = ended(&trace, 0);
            assert_eq!(told[1..3], [failed.as_str(), "error 25P02 of the server's own"], "{update}");
            assert!(told[3].starts_with("ok") && told[4].starts_with("ok"), "{told:?}");
        }
    }
}

#[test]
fn statement_that_fails_alone_leaves_no_transaction() {
    for update in ["UPDATE t SET n = n + 1", "prepared: UPDATE t SET n = n + 1"] {
        let trace = Script::postgres(&[&[update, update]]).given(TABLE).along("A=40P01 A", "error");
        let told = ended(&trace, 0);
        assert!(told[0].starts_with("error 40P01,") && told[1].starts_with("ok"), "{told:?}");
    }
}

#[test]
fn rollback_to_a_savepoint_mends_what_failed() {
    let script = Script::postgres(&[&[
        "BEGIN",
        "UPDATE t SET n = 1",
        "SAVEPOINT s",
        "UPDATE t SET n = 2",
        "ROLLBACK TO s",
        "COMMIT",
    ]]);
    let trace = script.given(TABLE).along("A A A A=40001 A A", "error");
    assert!(trace.final_state.contains('1'), "{}", trace.final_state);
    assert!(ended(&trace, 0).last().is_some_and(|told| told.starts_with("ok")));
}

/// As with the server's own: the transaction is over, not just aborted.
#[test]
fn commit_that_fails_ends_the_transaction() {
    for commit in ["COMMIT", "prepared: COMMIT"] {
        let script = Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", commit, "UPDATE t SET n = n + 2"]]);
        let trace = script.given(TABLE).along("A A A=40001 A", "error");
        let told = ended(&trace, 0);
        assert_eq!(told[2], "error 40001, hit in step 3");
        assert!(told[3].starts_with("ok"), "{told:?}");
        assert!(trace.final_state.contains('2'), "{}", trace.final_state);
    }
}

#[test]
fn error_in_a_transaction_lets_go_of_its_locks() {
    let script = Script::postgres(&[
        &["BEGIN", "UPDATE t SET n = 1", "SELECT 1", "ROLLBACK"],
        &["UPDATE t SET n = n + 10"],
    ]);
    let trace = script.given(TABLE).along("A A B A=40001 A", "error");
    assert_eq!(trace.steps[3].woken.len(), 1, "{:?}", trace.steps[3]);
}

/// The server ends the connection, with its own words.
#[test]
fn shutdown_of_a_connection_rolls_back_and_wakes_who_waits() {
    let script = Script::postgres(&[
        &["BEGIN", "UPDATE t SET n = 1", "COMMIT", "SELECT n FROM t"],
        &["UPDATE t SET n = n + 10"],
    ]);
    let trace = script.given(TABLE).along("A A B A=57P01 A.1", "error");
    let (_, hit) = fault(&trace.steps[3]);
    let reply = hit.and_then(|hit| hit.reply.as_deref()).unwrap_or_default();
    assert!(reply.contains("57P01"), "{reply}");
    assert_eq!(trace.steps[3].woken.len(), 1, "{:?}", trace.steps[3]);
    assert_eq!(ended(&trace, 0)[2], "unknown, hit in step 4");
    assert!(trace.final_state.contains("10"), "{}", trace.final_state);
}

/// A worker that looks whether its connection is still open after an error.
struct Looks;

#[async_trait::async_trait(?Send)]
impl Scenario for Looks {
    fn card(&self) -> Card {
        Card {
            name: "faults/looks".to_owned(),
            stores: vec!["postgres".to_owned()],
            workers: 1,
            ..Card::default()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(TABLE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let failed = postgres.execute("UPDATE t SET n = 1", &[]).await.is_err();
        worker.invoke("look", "").ok(format!("failed {failed}, closed {}", postgres.is_closed()));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

/// A program that reconnects decides by this; were it a matter of luck, schedules would replay differently.
#[test]
fn connection_that_was_shut_down_is_closed_when_its_last_words_are_read() {
    let scenario: Arc<dyn Scenario> = Arc::new(Looks);
    let mut engine = engine_with(Needs::POSTGRES);
    for _ in 0..20 {
        let trace = along(&mut engine, &scenario, 1, "A=57P01", "error");
        assert_eq!(trace.operations[0].end, OperationEnd::Ok("failed true, closed true".to_owned()));
    }
    engine.stop().expect("the store stops");
}

/// What a client reads, compared with what the server says where it has to give up by itself.
#[test]
fn errors_of_postgres_are_the_servers_own_to_the_letter() {
    let injected = |sql: &'static str, schedule: &str, step: usize| {
        let script = Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", sql, "ROLLBACK"]]);
        let trace = script.given(TABLE).along(schedule, "error");
        fault(&trace.steps[step]).1.and_then(|hit| hit.reply.clone()).expect("an error was given")
    };
    let told = |script: Script, schedule: &str, step: usize| match &script.along(schedule, "none").steps[step]
        .effect
    {
        Effect::Request { reply: Some(reply), .. } | Effect::Continued { reply: Some(reply), .. } => {
            reply.clone()
        }
        other => panic!("an answer was expected, not {other:?}"),
    };
    let (one, two) = ("UPDATE t SET n = n + 1 WHERE n < 5", "UPDATE t SET n = n + 1 WHERE n > 5");
    let opposite = Script::postgres(&[&["BEGIN", one, two], &["BEGIN", two, one]])
        .given("CREATE TABLE t (n int); INSERT INTO t VALUES (0), (10)");
    let theirs = told(opposite, "A A B B A B B#", 6);
    assert_eq!(injected("SELECT 1", "A A A=40P01 A", 2), theirs);

    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    let late =
        Script::postgres(&[&[begin, "SELECT n FROM t", "UPDATE t SET n = 1"], &["UPDATE t SET n = 2"]]);
    let theirs = told(late.given(TABLE), "A A B A", 3);
    assert_eq!(injected("SELECT 1", "A A A=40001 A", 2), theirs);

    let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
    let skewed = |other: &'static str| vec![begin, "SELECT sum(n) FROM t", other, "COMMIT"];
    let (one, two) = (skewed("INSERT INTO t VALUES (1)"), skewed("INSERT INTO t VALUES (2)"));
    let theirs = told(Script::postgres(&[&one, &two]).given(TABLE), "A A B B A B A B", 7);
    assert_eq!(injected("COMMIT", "A A A=40001 A", 2), theirs);
}

#[test]
fn lone_read_meets_no_conflict() {
    let read = || Script::postgres(&[&["SELECT n FROM t"]]).given(TABLE);
    assert_eq!(read().fitting("A=40001", "error"), "");
    assert_eq!(read().fitting("A=57P01", "error"), "A=57P01");
}

/// Each of the two requests may fail in four ways.
#[test]
fn every_error_is_explored_once() {
    let outcome = Script::redis(&[&["INCR a"], &["INCR a"]]).explore("error");
    assert_eq!((outcome.coverage.schedules, outcome.coverage.exhausted), (2 + 2 * 2 * 4, true));
}
