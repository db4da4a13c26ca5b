//! Isolation levels as a part of the plan.

use raceproof::{Isolation, Plan};

use crate::script::Script;

fn lost_update() -> Script {
    let work: &[&str] = &["BEGIN", "SELECT n FROM t", "UPDATE t SET n = 1", "COMMIT"];
    Script::new(&[work, work]).given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)").promising(
        "nobody overwrites what he has not seen",
        |view| match view.results("sql").iter().filter(|result| **result == "(0)").count() {
            2 if view.done("sql").count() == 8 => Err("both saw 0 and both wrote".to_owned()),
            _ => Ok(()),
        },
    )
}

#[test]
fn level_of_the_plan_is_that_of_transactions_which_name_none() {
    let caught = |isolation| {
        let plan = Plan { isolation, keep_going: true, splits_max: 0, ..Plan::default() };
        lost_update().explore_as(&plan).counterexample.is_some()
    };
    assert!(caught(None) && caught(Some(Isolation::ReadCommitted)));
    assert!(!caught(Some(Isolation::RepeatableRead)) && !caught(Some(Isolation::Serializable)));
}
