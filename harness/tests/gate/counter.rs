//! The counter that loses updates: how many schedules there are, what they lead to, what shrinking leaves.

use raceproof::plan::StrategyKind;
use raceproof::{Outcome, Plan, Verdict, Worker};

use crate::probe::{Probe, query};

async fn increment(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let increment = worker.invoke("increment", "");
    let value: i64 = query(&mut redis, "GET counter").await?;
    let () = query(&mut redis, &format!("SET counter {}", value + 1)).await?;
    increment.ok(value + 1);
    Ok(())
}

fn get_set(workers: usize) -> Probe {
    Probe::new(workers, increment).given("SET counter 0").promising("no increment is lost", |view| match view
        .state
        .integer("counter")
        == i64::try_from(view.count("increment")).ok()
    {
        true => Ok(()),
        false => Err(view.state.to_string()),
    })
}

fn all() -> Plan {
    Plan { keep_going: true, strategy: StrategyKind::Dfs, reduces: false, ..Plan::default() }
}

fn states(outcome: &Outcome) -> Vec<&str> {
    outcome.coverage.final_states.keys().map(String::as_str).collect()
}

/// 6! / (2!)^3 = 90 is the number of interleavings, and only 1, 2 and 3 are reachable; twice the same.
#[test]
fn three_workers_have_90_schedules_and_the_same_final_states_each_time() {
    let (first, second) = (get_set(3).explore_as(&all()), get_set(3).explore_as(&all()));
    for outcome in [&first, &second] {
        assert_eq!((outcome.coverage.schedules, outcome.coverage.exhausted), (90, true));
        assert_eq!(states(outcome), ["counter=1", "counter=2", "counter=3"]);
        assert!(outcome.coverage.first_violation.is_some_and(|first| first <= 2));
    }
    assert_eq!(first.coverage.final_states, second.coverage.final_states);
    assert_eq!(first.counterexample, second.counterexample);
}

#[test]
fn violation_shrinks_to_two_workers_and_replays_ten_times() {
    let counterexample = get_set(3).explore_as(&Plan::default()).counterexample.expect("a lost update");
    assert_eq!(counterexample.shrunk.workers.len(), 2);
    assert_eq!(counterexample.shrunk.schedule.context_switches(), 2);
    let replays = counterexample.replays;
    assert_eq!((replays.attempts, replays.reproduced, replays.differing), (10, 10, 0));
    let changes: Vec<_> = counterexample.shrunk.steps.iter().map(|step| step.changes.len()).collect();
    assert_eq!(changes, [0, 0, 1, 0], "the second write changes nothing: that is the lost update");
    assert_eq!(counterexample.cycle.map(|cycle| cycle.words()), Some("a lost update"));
}

/// Without preemption the workers run one after the other, in 3! = 6 orders, and lose nothing.
#[test]
fn bound_of_zero_leaves_the_serial_schedules() {
    let serial = get_set(3).explore_as(&Plan { preemption_bound: Some(0), ..all() });
    assert_eq!((serial.coverage.schedules, serial.verdict), (6, Verdict::Pass));
    let once = get_set(3).explore_as(&Plan { preemption_bound: Some(1), ..all() });
    assert!(once.verdict.violation().is_some());
    assert!(once.coverage.schedules < 90);
}

#[test]
fn random_walk_depends_on_its_seed_only() {
    let walk = |seed| {
        let plan = Plan { seed, strategy: StrategyKind::Random, schedules_max: 40, ..all() };
        let outcome = get_set(3).explore_as(&plan);
        (outcome.coverage.final_states, outcome.counterexample.map(|found| found.original.schedule))
    };
    assert_eq!(walk(1), walk(1));
    assert_ne!(walk(1), walk(2));
}

#[test]
fn one_worker_alone_loses_nothing() {
    let outcome = get_set(1).explore();
    assert_eq!((outcome.coverage.schedules, outcome.verdict), (1, Verdict::Pass));
}
