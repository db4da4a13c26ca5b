//! What shrinking leaves of faults and of the passing of time: nothing that the violation does not need.

use raceproof::plan::StrategyKind;
use raceproof::{Outcome, Plan, View};

use crate::script::{Script, plan};

fn walk(script: Script, model: &str, seed: u64) -> Outcome {
    let plan = Plan { seed, strategy: StrategyKind::Random, schedules_max: 400, ..plan(model) };
    script.explore_as(&plan)
}

/// The violation needs that one of the two increments does not happen, whatever else the walk did.
#[test]
fn one_fault_is_left_where_one_is_enough() {
    for seed in 0..5 {
        let script = Script::redis(&[&["INCR a", "GET b", "GET b"], &["INCR a", "GET b", "GET b"]]);
        let both = |view: &View<'_>| match view.state.integer("a") == i64::try_from(view.workers).ok() {
            true => Ok(()),
            false => Err(view.state.to_string()),
        };
        let outcome = walk(script.promising("everybody counts", both), "pause+crash+drop+lost-reply*3", seed);
        let shrunk = outcome.counterexample.expect("a count is missing").shrunk;
        assert_eq!(shrunk.schedule.faults(), 1, "{}", shrunk.schedule);
    }
}

/// It is there in every schedule, so no fault is left, nor any worker that is not needed.
#[test]
fn violation_without_a_fault_is_told_without_one() {
    for seed in 0..5 {
        let script = Script::redis(&[&["INCR a", "GET b"], &["INCR a", "GET b"]]);
        let none = |view: &View<'_>| match view.state.integer("a") {
            None => Ok(()),
            Some(_) => Err(view.state.to_string()),
        };
        let outcome = walk(script.promising("nobody counts", none), "crash+drop+lost-reply+error*3", seed);
        let shrunk = outcome.counterexample.expect("somebody counts").shrunk;
        assert_eq!((shrunk.schedule.faults(), shrunk.workers.len()), (0, 1), "{}", shrunk.schedule);
    }
}
