//! The counter that loses updates, and the one that does not.

use raceproof::history::OperationEnd;
use raceproof::outcome::Stopped;
use raceproof::plan::StrategyKind;
use raceproof::{FaultKind, FaultModel, Inconclusive, Plan, Verdict, View, Worker};

use crate::probe::{Probe, bursts, engine, query};

const WORKERS: usize = 8;

async fn get_set(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let increment = worker.invoke("increment", "");
    let value: i64 = query(&mut redis, "GET counter").await?;
    let () = query(&mut redis, &format!("SET counter {}", value + 1)).await?;
    increment.ok(value + 1);
    Ok(())
}

async fn incr(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let increment = worker.invoke("increment", "");
    let value: i64 = query(&mut redis, "INCR counter").await?;
    increment.ok(value);
    Ok(())
}

fn all_counted(view: &View<'_>) -> Result<(), String> {
    let counted = view.state.integer("counter");
    let done = i64::try_from(view.count("increment")).ok();
    if counted == done { Ok(()) } else { Err(view.state.to_string()) }
}

fn losing() -> Probe {
    Probe::redis(WORKERS, "SET counter 0", get_set).promising("no increment is lost", all_counted)
}

fn counting() -> Probe {
    Probe::redis(WORKERS, "SET counter 0", incr).promising("no increment is lost", all_counted)
}

/// Eight that read and write at the same time: if a hundred bursts in a row lost nothing, nothing ran at the same time.
#[test]
fn burst_of_get_and_set_loses_updates_and_tells_what_went_by() {
    let outcome = losing().run(&bursts(100));
    assert_eq!(outcome.coverage.stopped, Stopped::FirstViolation, "{:?}", outcome.verdict);
    assert!(outcome.counterexample.is_none(), "no schedule is claimed");
    let told = outcome.bursts.expect("it ran free");
    let burst = told.violating.expect("it was seen");
    assert_eq!(Some(burst.number), outcome.coverage.first_violation);
    assert_eq!((burst.passed.len(), burst.left_out), (2 * WORKERS, 0));
    assert_eq!((burst.initial_state.as_str(), burst.operations.len()), ("counter=0", WORKERS));
    // The answers are in order, every command has one, and none came before its command.
    let times: Vec<u64> = burst.passed.iter().filter_map(|passed| passed.answered_us).collect();
    assert!(times.len() == 2 * WORKERS && times.is_sorted());
    assert!(burst.passed.iter().all(|passed| passed.answered_us >= Some(passed.sent_us)));
    // The last write is what the store was left with.
    let writes =
        burst.passed.iter().filter_map(|passed| passed.request.as_deref()?.strip_prefix("SET counter "));
    assert!(writes.map(|value| format!("counter={value}")).any(|state| state == burst.final_state));
}

/// The same with one command each: every burst counts to eight, and everything is counted.
#[test]
fn burst_of_incr_loses_nothing() {
    let outcome = counting().run(&bursts(50));
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 50));
    assert_eq!(outcome.coverage.final_states.into_iter().collect::<Vec<_>>(), [("counter=8".to_owned(), 50)]);
    let told = outcome.bursts.expect("it ran free");
    assert_eq!((told.commands, told.operations), (50 * 8, 50 * 8));
    let latency = told.latencies["redis INCR"];
    assert!(latency.count == 400 && latency.p50_us <= latency.p99_us && latency.p99_us <= latency.max_us);
    assert!(told.running_us > 0 && told.violating.is_none());
}

/// What workers say of operations on several threads has one order, in which ends follow begins.
#[test]
fn operations_are_ordered_across_threads() {
    let told = losing().run(&Plan { keep_going: true, ..bursts(20) }).bursts.expect("it ran free");
    let operations = told.violating.expect("twenty bursts of eight lose something").operations;
    let mut positions: Vec<u64> =
        operations.iter().flat_map(|one| [Some(one.invoked), one.returned]).flatten().collect();
    positions.sort_unstable();
    assert_eq!(positions, (0..2 * WORKERS as u64).collect::<Vec<_>>());
    assert!(operations.iter().all(|one| one.returned > Some(one.invoked)));
    assert!(operations.iter().all(|one| matches!(one.end, OperationEnd::Ok(_))));
}

/// After bursts the same engine searches as if there had been none: twice the same, and exhaustively.
#[test]
fn search_after_bursts_is_deterministic() {
    let get_set = |workers| {
        Probe::redis(workers, "SET counter 0", get_set).promising("no increment is lost", all_counted)
    };
    let search = |bursts_before: u64| {
        let mut engine = engine("redis");
        let scenario = get_set(3).scenario();
        for _ in 0..bursts_before {
            engine.explore(&scenario, &bursts(10), &mut |_| {}).expect("the bursts run");
        }
        let strategy = StrategyKind::Dfs;
        let plan = Plan { keep_going: true, strategy, reduces: false, ..Plan::default() };
        let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("the search runs");
        let again = engine.explore(&scenario, &bursts(10), &mut |_| {}).expect("bursts run after a search");
        assert!(again.bursts.is_some());
        engine.stop().expect("the store stops");
        (outcome.coverage.schedules, outcome.coverage.final_states, outcome.counterexample)
    };
    let (with, without) = (search(2), search(0));
    assert_eq!(with.0, 90);
    assert_eq!(with, without);
}

/// Nothing is chosen, so nothing can be made to break: that is said, and no pass.
#[test]
fn faults_are_refused() {
    let outcome = counting().run(&Plan { model: FaultModel::one(FaultKind::Crash), ..bursts(1) });
    assert!(matches!(outcome.verdict, Verdict::Inconclusive(Inconclusive::Unsupported { .. })));
    assert_eq!(outcome.coverage.schedules, 0);
}
