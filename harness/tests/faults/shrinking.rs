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

/// Four workers with six commands each, of which two must stop between their first and their last: 2 workers, 2 faults and 4
/// steps say that, in one context switch.
#[test]
fn four_workers_with_six_commands_and_two_faults_shrink_to_the_minimum() {
    const COMMANDS: &[&str] = &["INCR begun", "GET a", "GET b", "GET a", "GET b", "INCR done"];
    for seed in 0..5 {
        let script = Script::redis(&[COMMANDS; 4]);
        let count = |view: &View<'_>, key: &str| view.state.integer(key).unwrap_or(0);
        let promise = move |view: &View<'_>| match count(view, "begun") - count(view, "done") {
            2 => Err(view.state.to_string()),
            _ => Ok(()),
        };
        let outcome = walk(script.promising("not two are half done", promise), "pause+crash*2", seed);
        let evidence = outcome.counterexample.expect("two crash");
        let (original, schedule) = (&evidence.original, &evidence.shrunk.schedule);
        assert_eq!((original.workers.len(), original.schedule.faults()), (4, 2), "{}", original.schedule);
        let size = (evidence.shrunk.workers.len(), schedule.faults(), schedule.context_switches());
        assert_eq!((size, schedule.0.len()), ((2, 2, 1), 4), "{schedule}");
        assert!(evidence.shrink_candidates <= 700, "{}", evidence.shrink_candidates);
    }
}
