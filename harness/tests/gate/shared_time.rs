//! A Redis that lives by the run's clock: what it ends by the clock ends at a `+`, the same in every replay.

use std::time::Duration;

use raceproof::clock::EPOCH;
use raceproof::{FaultModel, Outcome, Plan, Verdict, Worker};

use crate::probe::{Probe, query, send, told};

/// A sets a key with a limit, B looks whether it is there.
async fn set_and_look(worker: Worker) -> raceproof::scenario::Result {
    if worker.index() == 0 {
        return Ok(send(&worker, "SET key value PX 100").await?);
    }
    let there: i64 = send(&worker, "EXISTS key").await?;
    worker.invoke("look", "").ok(there);
    Ok(())
}

fn all(model: FaultModel) -> Plan {
    Plan { keep_going: true, model, ..Plan::default() }
}

fn replays(outcome: &Outcome) -> (u32, u32) {
    let replays = &outcome.counterexample.as_ref().expect("a violation has evidence").replays;
    (replays.reproduced, replays.differing)
}

/// Before the write, after it, and after it with its limit passed in between: three schedules, and one `+` is enough.
#[test]
fn key_is_gone_after_exactly_one_passing_of_time() {
    let probe = Probe::new(2, set_and_look).promising("not gone after it was set", |view| {
        let was_set = view.state.get("key").is_none() && view.results("look") == ["0"];
        if was_set { Err("gone".to_owned()) } else { Ok(()) }
    });
    let outcome = probe.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (3, 1));
    let expected = ["A: `SET key value PX 100` -> OK", "time passes to 101 ms", "B: `EXISTS key` -> 0"];
    assert_eq!(told(&outcome), expected);
    assert_eq!(replays(&outcome), (10, 0));
}

/// Nobody pauses: as long as somebody can go on, the key is there.
#[test]
fn without_pauses_time_passes_only_when_nobody_can_go_on() {
    let outcome = Probe::new(2, set_and_look).explore_as(&all(FaultModel::none()));
    assert_eq!((outcome.coverage.schedules, outcome.coverage.exhausted), (2, true));
    let sleeper = Probe::new(1, |worker| async move {
        let () = send(&worker, "SET key value PX 100").await?;
        worker.sleep(Duration::from_millis(100)).await;
        let early: i64 = send(&worker, "EXISTS key").await?;
        worker.sleep(Duration::from_millis(1)).await;
        let late: i64 = send(&worker, "EXISTS key").await?;
        worker.invoke("looks", "").ok(format!("{early} {late}"));
        Ok(())
    });
    let outcome = sleeper
        .promising("gone one millisecond later", |view| match view.results("looks").as_slice() {
            ["1 0"] => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .explore_as(&all(FaultModel::none()));
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 1));
}

/// The limit of a wait is a deadline like others; no real time passes.
#[test]
fn limited_wait_ends_when_its_time_has_come() {
    let probe = Probe::new(1, |worker| async move {
        let taken: Option<Vec<String>> = send(&worker, "BLPOP nothing 3600").await?;
        worker.invoke("take", "").ok(format!("{taken:?}"));
        Ok(())
    });
    let outcome = probe.told().explore();
    let expected = ["A: `BLPOP nothing 3600` -> (blocked)", "time passes to 3600001 ms; wakes A: nil"];
    assert_eq!(told(&outcome), expected);
    assert_eq!(replays(&outcome), (10, 0));
}

/// Whoever polls in waits with a limit goes round in the same circle as one who sleeps.
#[test]
fn polling_with_limited_waits_is_a_circle() {
    let probe = Probe::new(1, |worker| async move {
        while send::<Option<Vec<String>>>(&worker, "BLPOP queue 10").await?.is_none() {}
        Ok(())
    });
    let outcome = probe.explore();
    let Verdict::Violation(violation) = &outcome.verdict else { panic!("{:?}", outcome.verdict) };
    assert_eq!(violation.invariant, "every worker can finish");
    assert_eq!(replays(&outcome), (10, 0));
}

/// What is made of the time is the same each time, and the worker's own clock agrees.
#[test]
fn times_and_ids_are_the_same_in_every_replay() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let id: String = query(&mut redis, "XADD stream * field value").await?;
        let (seconds, micros): (u64, u32) = query(&mut redis, "TIME").await?;
        let time = Duration::new(seconds, micros * 1_000);
        let is_now = time == worker.now() && time >= EPOCH;
        worker.invoke("see", "").ok(format!("{id} {is_now}"));
        Ok(())
    });
    let outcome = probe.told().explore();
    assert_eq!(replays(&outcome), (10, 0));
    let operations = &outcome.counterexample.expect("told").original.operations;
    let seen: Vec<String> = operations.iter().map(|operation| format!("{:?}", operation.end)).collect();
    assert_eq!(seen, ["Ok(\"1893456000000-0 true\")", "Ok(\"1893456000000-1 true\")"]);
}

/// The textbook bug: a holder that pauses for longer than its lock lives. Two owners at once only if somebody may pause.
#[test]
fn lock_of_a_paused_holder_expires() {
    let lock = || {
        Probe::new(2, |worker| async move {
            let mut redis = worker.redis().await?;
            let taken: Option<String> = query(&mut redis, "SET lock mine NX PX 1000").await?;
            if taken.is_some() {
                let inside: i64 = query(&mut redis, "INCR inside").await?;
                worker.invoke("enter", "").ok(inside);
                let _: i64 = query(&mut redis, "DECR inside").await?;
                let _: i64 = query(&mut redis, "DEL lock").await?;
            }
            Ok(())
        })
        .promising("one at a time", |view| match view.results("enter").contains(&"2") {
            true => Err("two".to_owned()),
            false => Ok(()),
        })
    };
    let outcome = lock().explore_as(&Plan::default());
    let counterexample = outcome.counterexample.as_ref().expect("the lock expires");
    assert_eq!(counterexample.shrunk.schedule.advances(), 1, "{}", counterexample.shrunk.schedule);
    assert_eq!(replays(&outcome), (10, 0));
    let outcome = lock().explore_as(&all(FaultModel::none()));
    assert_eq!((&outcome.verdict, outcome.coverage.exhausted), (&Verdict::Pass, true));
}

/// A poller waits for the limit of a lock, however long, and then gets it: the limit is what can change the answer.
#[test]
fn poller_outlives_a_lock_with_a_limit() {
    let probe = Probe::new(1, |worker| async move {
        while send::<i64>(&worker, "SETNX lock mine").await? == 0 {
            worker.sleep(Duration::from_millis(10)).await;
        }
        worker.invoke("take", "").ok(worker.clock().now().as_secs());
        Ok(())
    });
    let probe = probe.given("SET lock gone PX 3600000").promising("taken", |view| match view.count("take") {
        1 => Ok(()),
        other => Err(other.to_string()),
    });
    let outcome = probe.explore_as(&all(FaultModel::none()));
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 1));
}
