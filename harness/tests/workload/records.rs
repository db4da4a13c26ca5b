//! What a record of a generated workload is worth: it is replayed and retried from its text alone.

use std::sync::Arc;

use raceproof::regression::{Fate, Retried};
use raceproof::{Error, Generated, Outcome, Plan, Regression, Scenario, Verdict};

use crate::counter::Counter;
use crate::support::{engine, search};

fn counter(correct: bool) -> Arc<dyn Scenario> {
    Arc::new(Generated::new(Counter { correct }).drawing(2))
}

fn found() -> Outcome {
    search(Counter { correct: false }, &Plan::default())
}

#[test]
fn shrunk_record_replays_ten_of_ten_from_its_text() {
    let text = serde_json::to_string(&found()).expect("text and numbers");
    let outcome: Outcome = serde_json::from_str(&text).expect("as written");
    let evidence = outcome.counterexample.expect("an increment is lost");
    let plan = Plan { seed: outcome.seed, workers: Some(outcome.workers), ..Plan::default() };
    let mut engine = engine();
    for recorded in [&evidence.shrunk, &evidence.original] {
        let replay = engine.replay(&counter(false), recorded, &plan, 10).expect("it replays");
        assert_eq!((replay.replays.reproduced, replay.replays.differing), (10, 0));
        assert_eq!(replay.trace.programs, recorded.programs);
    }
    let fixed = engine.replay(&counter(true), &evidence.shrunk, &plan, 1).expect("it replays");
    assert_eq!(fixed.replays.reproduced, 0);
    engine.stop().expect("the store stops");
}

#[test]
fn record_without_its_operations_is_refused() {
    let outcome = found();
    let mut recorded = outcome.counterexample.expect("an increment is lost").shrunk;
    recorded.programs = None;
    let mut engine = engine();
    let refused = engine.replay(&counter(false), &recorded, &Plan::default(), 1);
    assert!(matches!(refused, Err(Error::NoOperations { .. })), "{refused:?}");
    engine.stop().expect("the store stops");
}

/// The regression is followed with the operations that it was found with, whatever the search draws now.
#[test]
fn regression_keeps_its_operations() {
    let outcome = found();
    let regression = Regression::parse(&outcome.regression().expect("evidence").text()).expect("as written");
    let shrunk = outcome.counterexample.expect("an increment is lost").shrunk.programs;
    assert_eq!(regression.programs, shrunk);
    let plan = Plan { seed: 77, regressions: vec![regression.clone()], schedules_max: 20, ..Plan::default() };
    let mut engine = engine();
    let again = engine.explore(&counter(false), &plan, &mut |_| {}).expect("the search runs");
    assert_eq!(fates(&again), [&Fate::Reproduced]);
    assert_eq!(again.counterexample.expect("it is found again").shrunk.programs, shrunk);
    let fixed = engine.explore(&counter(true), &plan, &mut |_| {}).expect("the search runs");
    assert_eq!(fixed.verdict, Verdict::Pass);
    assert!(matches!(fates(&fixed)[..], [Fate::Stale { violated: false, .. }]), "{:?}", fixed.regressions);
    engine.stop().expect("the store stops");
}

/// Other operations than the code has now are no reason to fail, but to say so.
#[test]
fn regression_whose_operations_are_gone_is_stale() {
    let mut regression = found().regression().expect("evidence");
    let programs = regression.programs.as_mut().expect("they were generated");
    programs.operations.values_mut().flatten().for_each(|planned| planned.value = "Double".into());
    let plan = Plan { regressions: vec![regression], schedules_max: 20, ..Plan::default() };
    let mut engine = engine();
    let outcome = engine.explore(&counter(true), &plan, &mut |_| {}).expect("the search runs");
    engine.stop().expect("the store stops");
    let [Fate::Stale { stale, violated: false }] = fates(&outcome)[..] else {
        panic!("{:?}", outcome.regressions)
    };
    assert!(stale.reason.contains("`Increment(1)` is none of its operations"), "{}", stale.reason);
    assert_eq!(outcome.verdict, Verdict::Pass);
}

fn fates(outcome: &Outcome) -> Vec<&Fate> {
    outcome.regressions.iter().map(|Retried { fate, .. }| fate).collect()
}
