//! Executions that leave nothing behind for the next one.

use raceproof::{Plan, Verdict};

use crate::script::Script;

/// Rows, sequences, generated columns, foreign keys and the order of rows that nobody asked to be sorted are the same at
/// the start of every execution.
#[test]
fn every_execution_starts_from_the_same_rows_and_sequences() {
    let work: &[&str] = &[
        "SELECT * FROM parent",
        "INSERT INTO child (parent, note) VALUES (1, 'new') RETURNING id",
        "UPDATE parent SET n = n + 1 WHERE id = 1",
        "DELETE FROM child WHERE id = 1",
    ];
    let script = Script::new(&[work])
        .given("CREATE TABLE parent (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)")
        .given("CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY, parent int REFERENCES parent, note text)")
        .given("INSERT INTO parent (id, n) VALUES (1, 0), (2, 5), (3, NULL)")
        .given("INSERT INTO child (parent, note) VALUES (1, NULL), (2, 'x')");
    let plan = Plan { keep_going: true, splits_max: 0, repeat: 200, ..Plan::default() };
    let outcome = script.explore_as(&plan);
    assert_eq!((outcome.verdict, outcome.coverage.differing), (Verdict::Pass, 0));
    let states: Vec<_> = outcome.coverage.final_states.into_keys().collect();
    assert_eq!(
        states,
        ["child(#1)={id: 2, note: x, parent: 2} child(#2)={id: 3, note: new, parent: 1} \
          parent(1)={id: 1, n: 1, twice: 2} parent(2)={id: 2, n: 5, twice: 10} parent(3)={id: 3}"]
    );
}

/// A table that a worker makes is gone in the next execution, and one that it drops is back.
#[test]
fn changes_of_the_structure_do_not_outlive_an_execution() {
    let script =
        Script::new(&[&["CREATE TABLE made (n int)", "DROP TABLE t"], &["SELECT count(*) FROM made"]])
            .given("CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
    let outcome = script.explore_as(&Plan { keep_going: true, repeat: 2, ..Plan::default() });
    assert_eq!((outcome.verdict, outcome.coverage.differing), (Verdict::Pass, 0));
    assert_eq!(outcome.coverage.schedules, 3);
}

/// Temporary tables, settings, prepared statements and session locks end with their session.
#[test]
fn what_belongs_to_a_session_ends_with_it() {
    let work: &[&str] = &[
        "SHOW work_mem",
        "SET work_mem = '1MB'",
        "CREATE TEMP TABLE mine (n int)",
        "PREPARE p AS SELECT 1",
        "LISTEN news",
        "SELECT pg_try_advisory_lock(5)",
    ];
    let plan = Plan { keep_going: true, splits_max: 0, repeat: 5, ..Plan::default() };
    let outcome = Script::new(&[work]).explore_as(&plan);
    assert_eq!((outcome.verdict, outcome.coverage.differing), (Verdict::Pass, 0));
}
