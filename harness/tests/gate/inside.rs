//! Workers that wait for each other inside their process: a mutex, a pool, a timer. Nothing of it takes real time.

use std::sync::Arc;
use std::time::Duration;

use raceproof::{Outcome, Verdict, Worker};
use tokio::sync::{Mutex, Semaphore};

use crate::probe::{Probe, query, send, told};

fn violation(outcome: &Outcome) -> (&str, &str) {
    let Verdict::Violation(violation) = &outcome.verdict else { panic!("{:?}", outcome.verdict) };
    (&violation.invariant, &violation.found)
}

fn replays(outcome: &Outcome) -> (u32, u32) {
    let replays = &outcome.counterexample.as_ref().expect("a violation has evidence").replays;
    (replays.reproduced, replays.differing)
}

/// Two mutexes in opposite order, with a request between them.
#[test]
fn deadlock_of_mutexes_is_found_at_once() {
    let probe = Probe::new(2, |worker| async move {
        let locks: Arc<[Mutex<()>; 2]> = worker.shared(Default::default);
        let mut redis = worker.redis().await?;
        let (first, second) = (worker.index(), 1 - worker.index());
        let _first = locks[first].lock().await;
        let _: i64 = query(&mut redis, "INCR n").await?;
        let _second = locks[second].lock().await;
        Ok(())
    });
    let outcome = probe.explore();
    let (invariant, found) = violation(&outcome);
    assert_eq!(invariant, "every worker can finish");
    assert!(found.starts_with("A, B waits for ever"), "{found}");
    assert_eq!(replays(&outcome), (10, 0));
    assert!(outcome.coverage.exhausted && outcome.coverage.elapsed_us < 5_000_000, "{:?}", outcome.coverage);
}

/// One mutex is no deadlock: who waits for it goes on when it is free.
#[test]
fn waiting_for_a_mutex_is_a_state() {
    let probe = Probe::new(2, |worker| async move {
        let lock: Arc<Mutex<()>> = worker.shared(Mutex::default);
        let mut redis = worker.redis().await?;
        let _guard = lock.lock().await;
        let value: i64 = query::<Option<i64>>(&mut redis, "GET n").await?.unwrap_or(0);
        let () = query(&mut redis, &format!("SET n {}", value + 1)).await?;
        Ok(())
    });
    let outcome = probe.promising("no update is lost", |view| match view.state.integer("n") {
        Some(2) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let outcome = outcome.explore();
    assert_eq!((&outcome.verdict, outcome.coverage.exhausted), (&Verdict::Pass, true));
}

/// A pool of two, and each of two workers holds one connection while it waits for a second.
#[test]
fn starved_pool_is_a_violation() {
    let probe = Probe::new(2, |worker| async move {
        let pool = worker.shared(|| Semaphore::new(2));
        let _held = pool.acquire().await?;
        let () = send(&worker, "SET k v").await?;
        let _second = pool.acquire().await?;
        Ok(send(&worker, "SET k w").await?)
    });
    let outcome = probe.explore();
    assert_eq!(violation(&outcome).0, "every worker can finish");
    assert_eq!(replays(&outcome), (10, 0));
}

#[test]
fn timer_of_the_runtime_passes_with_the_run() {
    let probe = Probe::new(1, |worker| async move {
        let hour = Duration::from_secs(3_600);
        let _ = tokio::time::timeout(hour, std::future::pending::<()>()).await;
        Ok(send(&worker, "SET k v").await?)
    });
    let outcome = probe.told().explore();
    assert_eq!(told(&outcome), ["time passes to 3600000 ms", "A: `SET k v` -> OK"]);
    assert_eq!(replays(&outcome), (10, 0));
}

/// The request is held for as long as the schedule likes; what ends it is that another's sleep lets time pass. It was sent,
/// so it is still executed afterwards.
#[test]
fn time_out_around_a_held_request_needs_time_that_passes() {
    let probe = Probe::new(2, |worker: Worker| async move {
        if worker.index() == 1 {
            worker.sleep(Duration::from_secs(2)).await;
            return Ok(());
        }
        let asked = send::<()>(&worker, "SET k v");
        let outcome = match tokio::time::timeout(Duration::from_secs(1), asked).await {
            Ok(_) => "answered",
            Err(_) => "given up",
        };
        worker.invoke("ask", "").ok(outcome);
        Ok(())
    });
    let outcome = probe.promising("answered", |view| match view.results("ask").as_slice() {
        ["answered"] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (2, 1));
    assert_eq!(told(&outcome), ["time passes to 2000 ms", "A: `SET k v` -> OK"]);
    assert_eq!(replays(&outcome), (10, 0));
}
