//! Scenarios that state no invariant: their workers are judged by what they come to one after the other.

use std::time::Duration;

use raceproof::plan::StrategyKind;
use raceproof::{Inconclusive, Plan, Verdict, Worker, WorkerId};

use crate::probe::{Probe, engine, query, send};

const PROMISE: &str = "the outcome is that of some serial order of the workers";

/// Reads a counter and writes it back, one higher.
async fn read_and_write(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let increment = worker.invoke("increment", "");
    let count: Option<i64> = query(&mut redis, "GET counter").await?;
    let next = count.unwrap_or(0) + 1;
    let _: () = query(&mut redis, &format!("SET counter {next}")).await?;
    increment.ok(next);
    Ok(())
}

/// A lost update is the outcome of no order, whoever wins, and shrinking to two of three workers keeps it.
#[test]
fn lost_update_is_found_without_any_invariant() {
    let plan = Plan { keep_going: true, ..Plan::default() };
    let outcome = Probe::new(3, read_and_write).judged_by_orders().explore_as(&plan);
    let found = outcome.counterexample.expect("two read the same");
    assert_eq!(found.violation.invariant, PROMISE);
    assert!(found.violation.found.contains("one after the other they come to `counter=2; "), "{found:?}");
    assert_eq!((found.shrunk.workers.len(), found.replays.reproduced, found.replays.differing), (2, 10, 0));
}

/// The same question asked in one command has no outcome of its own.
#[test]
fn atomic_increment_passes_and_is_exhausted() {
    let work = |worker: Worker| async move {
        let increment = worker.invoke("increment", "");
        increment.ok(send::<i64>(&worker, "INCR counter").await?);
        Ok(())
    };
    let outcome = Probe::new(3, work).judged_by_orders().explore();
    assert_eq!((outcome.verdict, outcome.coverage.exhausted), (Verdict::Pass, true));
}

/// The stores are as they should be, and yet somebody was told what nobody could have been told.
#[test]
fn answer_that_no_order_gives_is_found_though_the_stores_are_right() {
    let work = |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let join = worker.invoke("join", "");
        let _: i64 = query(&mut redis, "INCR members").await?;
        let members: i64 = query(&mut redis, "GET members").await?;
        join.ok(members);
        Ok(())
    };
    let outcome = Probe::new(2, work).judged_by_orders().explore();
    let violation = outcome.verdict.violation().expect("both are told of two").clone();
    assert!(violation.found.contains("A: join -> 2; B: join -> 2"), "{violation:?}");
}

/// Whoever sleeps in a serial order does so alone, however long it takes.
#[test]
fn worker_that_sleeps_is_not_overtaken_in_a_serial_order() {
    let work = |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let _: i64 = query(&mut redis, &format!("RPUSH log {}", worker.id())).await?;
        worker.sleep(Duration::from_secs(1)).await;
        Ok(query(&mut redis, &format!("RPUSH log {}", worker.id())).await?)
    };
    let outcome = Probe::new(2, work).judged_by_orders().explore();
    let violation = outcome.verdict.violation().expect("they sleep at the same time").clone();
    assert!(violation.found.contains("`log=[A, A, B, B]` or `log=[B, B, A, A]`"), "{violation:?}");
}

/// A consumer before its producer never ends; the other order is the one to compare with.
#[test]
fn order_that_never_ends_is_left_out() {
    let work = |worker: Worker| async move {
        if worker.index() == 0 {
            let take = worker.invoke("take", "");
            take.ok(send::<(String, String)>(&worker, "BLPOP jobs 0").await?.1);
            return Ok(());
        }
        Ok(send(&worker, "RPUSH jobs one").await?)
    };
    let outcome = Probe::new(2, work).judged_by_orders().explore();
    assert_eq!((outcome.verdict, outcome.coverage.exhausted), (Verdict::Pass, true));
}

/// Silence is never a pass: where there is nothing to compare with, nothing is said.
#[test]
fn without_any_order_to_compare_with_the_verdict_is_inconclusive() {
    let work = |worker: Worker| async move { Ok(send(&worker, "INCR counter").await?) };
    let plan = Plan { schedules_max: 3, ..Plan::default() };
    let verdict = Probe::new(7, work).judged_by_orders().explore_as(&plan).verdict;
    assert!(matches!(&verdict, Verdict::Inconclusive(Inconclusive::NoPromise { .. })), "{verdict:?}");
}

/// Workers that run free are judged by the same orders, and a record replays with what it was judged by.
#[test]
fn burst_and_replay_are_judged_by_orders_too() {
    let mut engine = engine();
    let scenario = Probe::new(2, read_and_write).judged_by_orders().scenario();
    let burst = Plan { strategy: StrategyKind::Burst, schedules_max: 2_000, ..Plan::default() };
    let found = engine.explore(&scenario, &burst, &mut |_| {}).expect("bursts run").verdict;
    assert_eq!(found.violation().map(|violation| violation.invariant.as_str()), Some(PROMISE));
    let plan = Plan::default();
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("the search runs");
    let shrunk = outcome.counterexample.expect("an increment is lost").shrunk;
    let replay = engine.replay(&scenario, &shrunk, &plan, 3).expect("the replay runs");
    assert_eq!((replay.replays.reproduced, replay.replays.differing), (3, 0));
    assert_eq!(replay.trace.workers, [WorkerId(0), WorkerId(1)]);
    engine.stop().expect("the store stops");
}
