//! Several statements that one step wakes: their order is a choice.

use std::collections::BTreeSet;

use raceproof::{Plan, Verdict};

use crate::script::Script;

fn herd() -> Script {
    Script::new(&[
        &["BEGIN", "INSERT INTO t VALUES (1, 'A')", "ROLLBACK"],
        &["INSERT INTO t VALUES (1, 'B')"],
        &["INSERT INTO t VALUES (1, 'C')"],
    ])
    .given("CREATE TABLE t (id int PRIMARY KEY, who text)")
}

/// A's rollback wakes B and C at once; whoever the schedule names gets the key.
#[test]
fn schedule_decides_who_goes_on_first() {
    let told = herd().along("A A B C A B^ C^");
    assert!(told[5].contains("INSERT 0 1") && told[6].contains("23505"), "{told:?}");
    let told = herd().along("A A B C A C^ B^");
    assert!(told[5].contains("INSERT 0 1") && told[6].contains("23505"), "{told:?}");
}

/// Every order is explored, and every schedule tells the same history each time.
#[test]
fn all_orders_are_explored_and_exact() {
    let plan = Plan { keep_going: true, splits_max: 0, repeat: 5, ..Plan::default() };
    let outcome = herd().explore_as(&plan);
    assert_eq!(outcome.verdict, Verdict::Pass, "{:?}", outcome.coverage.failures);
    assert!(outcome.coverage.exhausted && outcome.coverage.repeats > 80, "{:?}", outcome.coverage);
    assert_eq!((outcome.coverage.differing, outcome.coverage.undecided_wakings), (0, 0));
    let winners: BTreeSet<_> = outcome.coverage.final_states.keys().cloned().collect();
    let expected = ["t(1)={id: 1, who: B}", "t(1)={id: 1, who: C}"];
    assert_eq!(winners, expected.map(str::to_owned).into());
}
