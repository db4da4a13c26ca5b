//! Statements that wait inside Postgres for another worker, whatever kind of lock it is.

use raceproof::{Inconclusive, Verdict};

use crate::script::Script;

const TABLE: &str =
    "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL); INSERT INTO t VALUES (1, 0), (2, 0)";

/// Each kind of wait: the third step blocks, and the one that ends the holder's transaction wakes it.
#[test]
fn every_kind_of_lock_is_seen_to_be_waited_for() {
    let kinds: [(&[&'static str], &[&'static str], &str); 5] = [
        (
            &["BEGIN", "UPDATE t SET n = 1 WHERE id = 1", "COMMIT"],
            &["UPDATE t SET n = 2 WHERE id = 1"],
            "UPDATE 1",
        ),
        (
            &["BEGIN", "SELECT n FROM t WHERE id = 1 FOR UPDATE", "COMMIT"],
            &["SELECT n FROM t WHERE id = 1 FOR SHARE"],
            "1 row",
        ),
        (&["BEGIN", "SELECT pg_advisory_xact_lock(7)", "COMMIT"], &["SELECT pg_advisory_lock(7)"], "1 row"),
        (
            &["BEGIN", "INSERT INTO t VALUES (3, 0)", "ROLLBACK"],
            &["INSERT INTO t VALUES (3, 1)"],
            "INSERT 0 1",
        ),
        (&["BEGIN", "LOCK TABLE t", "COMMIT"], &["SELECT n FROM t WHERE id = 2"], "1 row"),
    ];
    for (holder, waiter, reply) in kinds {
        let told = Script::new(&[holder, waiter]).given(TABLE).along("A A B A");
        assert!(told[2].ends_with("(blocked)"), "{told:?}");
        assert!(told[3].contains("; wakes B: ") && told[3].contains(reply), "{told:?}");
    }
}

/// A wait that `pg_blocking_pids` alone does not show: for a snapshot that no serialization failure can spoil.
#[test]
fn safe_snapshot_is_waited_for() {
    let writer: &[&str] = &[
        "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "SELECT n FROM t",
        "UPDATE t SET n = 1 WHERE id = 1",
        "COMMIT",
    ];
    let reader: &[&str] =
        &["BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE", "SELECT n FROM t", "COMMIT"];
    let told = Script::new(&[writer, reader]).given(TABLE).along("A A A B B A B");
    assert!(told[4].ends_with("(blocked)"), "{told:?}");
    assert!(told[5].contains("; wakes B: "), "{told:?}");
}

/// The search sees a wait as a state: 4 schedules in which B's update comes before A's, waits for it, or comes after.
#[test]
fn waits_are_explored_like_everything_else() {
    let script = Script::new(&[
        &["BEGIN", "UPDATE t SET n = n + 1 WHERE id = 1", "COMMIT"],
        &["UPDATE t SET n = n + 1 WHERE id = 1"],
    ]);
    let outcome = script.given(TABLE).promising("both count", |view| {
        let n: Vec<_> = view.state.rows("t").map(|row| row["n"].clone()).collect();
        if n == ["2", "0"] { Ok(()) } else { Err(format!("{n:?}")) }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.verdict, outcome.coverage.schedules), (Verdict::Pass, 4));
}

/// What a set-up's connection holds is held by nobody whom the scheduler could let go on.
#[test]
fn wait_for_a_stranger_is_inconclusive() {
    let script = Script::new(&[&["SELECT pg_advisory_lock(3)"]]).given("SELECT pg_advisory_lock(3)");
    let verdict = script.explore().verdict;
    assert!(matches!(verdict, Verdict::Inconclusive(Inconclusive::BlockedByStranger { .. })), "{verdict:?}");
}

/// The worker's second connection waits for its first, which the worker uses no more before it has the second:
/// Postgres sees no circle, and nobody is left who could wake it.
#[test]
fn worker_that_waits_for_itself_is_a_violation() {
    let script = Script::new(&[&["SELECT pg_advisory_lock(1)", "2: SELECT pg_advisory_lock(1)"]]);
    let violation = script.explore().counterexample.expect("the lock is never given back").violation;
    assert_eq!(violation.invariant, "every worker can finish");
}
