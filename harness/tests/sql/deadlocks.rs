//! Deadlocks inside Postgres: found at once, broken by the victim that the schedule names.

use raceproof::history::Effect;
use raceproof::{Plan, Verdict};

use crate::script::Script;

fn opposite() -> Script {
    let order = |first, second| ["BEGIN", first, second, "COMMIT"];
    let (one, two) = ("UPDATE t SET n = n + 1 WHERE id = 1", "UPDATE t SET n = n + 1 WHERE id = 2");
    Script::new(&[&order(one, two), &order(two, one)])
        .given("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0)")
}

/// The one who closed the circle, and the one who had waited before.
#[test]
fn either_of_the_two_can_be_the_victim() {
    let told = opposite().along("A A B B A B B# B A");
    assert!(told[6].contains("B is the victim of the deadlock") && told[6].contains("40P01"), "{told:?}");
    let told = opposite().along("A A B B A B A# A B");
    assert!(told[6].contains("A is the victim of the deadlock") && told[6].contains("40P01"), "{told:?}");
}

#[test]
fn circle_is_told_with_what_is_waited_for() {
    let trace = opposite().trace("A A B B A B B# B A");
    let Effect::Continued { circle, .. } = &trace.steps[6].effect else { panic!("{:?}", trace.steps[6]) };
    let mut edges: Vec<_> =
        circle.iter().map(|wait| format!("{} for {}", wait.waiter, wait.holder)).collect();
    edges.sort();
    assert_eq!(edges, ["A for B", "B for A"]);
    assert!(circle.iter().all(|wait| wait.lock.contains('t') && !wait.lock.is_empty()), "{circle:?}");
}

/// Both victims are part of the search, and each schedule tells the same every time.
#[test]
fn both_victims_are_explored_and_exact() {
    let plan = Plan { keep_going: true, splits_max: 0, repeat: 3, ..Plan::default() };
    let outcome = opposite().explore_as(&plan);
    assert_eq!((outcome.verdict, outcome.coverage.differing), (Verdict::Pass, 0));
    assert!(outcome.coverage.exhausted);
}

/// Three in a circle: each of them can be the victim.
#[test]
fn any_of_three_can_be_the_victim() {
    let circle = || {
        let (one, two, three) = (
            "UPDATE t SET n = 1 WHERE id = 1",
            "UPDATE t SET n = 2 WHERE id = 2",
            "UPDATE t SET n = 3 WHERE id = 3",
        );
        let order = |first, second| ["BEGIN", first, second, "ROLLBACK"];
        Script::new(&[&order(one, two), &order(two, three), &order(three, one)])
            .given("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)")
    };
    for victim in ["A", "B", "C"] {
        let told = circle().along(&format!("A A B B C C A B C {victim}#"));
        assert!(told[9].contains("40P01"), "{told:?}");
    }
}
