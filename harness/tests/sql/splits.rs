//! Races inside one statement: it is stopped after it has seen the data, before it writes.

use raceproof::{Plan, Verdict};

use crate::script::Script;

const RESERVE: &str = "INSERT INTO r SELECT 1 WHERE NOT EXISTS (SELECT FROM r WHERE seat = 1)";

fn reservations() -> Script {
    Script::new(&[&[RESERVE], &[RESERVE]]).given("CREATE TABLE r (seat int)").promising(
        "one seat, one guest",
        |view| match view.state.rows("r").count() {
            0 | 1 => Ok(()),
            guests => Err(format!("{guests} guests")),
        },
    )
}

#[test]
fn statement_stops_before_its_first_row_and_goes_on_later() {
    let told = reservations().along("A< B A>");
    assert!(told[0].ends_with("(stopped before its first row)"), "{told:?}");
    assert!(told[1].ends_with("INSERT 0 1") && told[2].ends_with("INSERT 0 1"), "{told:?}");
}

/// Tools that take statements for atomic report this code as correct.
#[test]
fn insert_where_not_exists_is_caught_only_with_splits() {
    let atomic = reservations().explore();
    assert_eq!((atomic.verdict, atomic.coverage.splits_max), (Verdict::Pass, Some(0)));
    let outcome = reservations().explore_as(&Plan::default());
    let evidence = outcome.counterexample.expect("two rows");
    assert!(outcome.coverage.first_violation.expect("one") <= 10, "{:?}", outcome.coverage);
    assert_eq!((evidence.replays.reproduced, evidence.replays.differing), (10, 0));
}

/// The bound is on the statements that are split, whoever sends them.
#[test]
fn splits_are_bounded_by_their_own_budget() {
    let explored = |splits_max| {
        let plan = Plan { keep_going: true, splits_max, ..Plan::default() };
        reservations().explore_as(&plan).coverage.schedules
    };
    assert_eq!((explored(0), explored(1), explored(2)), (2, 4, 6));
}

/// A statement that waits for a row before it could stop stops when it has got it.
#[test]
fn split_statement_that_has_to_wait_stops_after_the_wait() {
    let script = Script::new(&[
        &["BEGIN", "UPDATE t SET n = 1", "COMMIT"],
        &["UPDATE t SET n = n + 1"],
        &["SELECT n FROM t"],
    ]);
    let told = script.given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)").along("A A B< A C B>");
    assert!(told[2].ends_with("(blocked)"), "{told:?}");
    assert!(told[5].ends_with("UPDATE 1"), "{told:?}");
}

/// An execution that ends while a statement is stopped half-way ends its session too, before it could go on and commit.
#[test]
fn statement_that_is_cut_off_half_way_writes_nothing() {
    for _ in 0..5 {
        assert_eq!(reservations().trace("A<").final_state, "(empty)");
    }
}
