//! Time in a burst: it goes on, for workers and stores alike.

use std::time::Duration;

use raceproof::{Verdict, Worker};

use crate::probe::{Probe, bursts, query};

const TTL: Duration = Duration::from_millis(30);

/// A sleep ends by itself, what lives shorter than that is gone by then, and the clock of both says so.
#[test]
fn time_goes_on_for_workers_and_stores() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let (before, key) = (worker.now(), worker.id());
        let () = query(&mut redis, &format!("SET {key} 1 PX {}", TTL.as_millis())).await?;
        let alive: bool = query(&mut redis, &format!("EXISTS {key}")).await?;
        worker.sleep(2 * TTL).await;
        let dead = !query::<bool>(&mut redis, &format!("EXISTS {key}")).await?;
        let (seconds, micros): (u64, u64) = query(&mut redis, "TIME").await?;
        let store = Duration::from_secs(seconds) + Duration::from_micros(micros);
        let agree = store + Duration::from_millis(1) >= before + 2 * TTL && worker.now() >= before + 2 * TTL;
        worker.invoke("look", "").ok(format!("{alive} {dead} {agree}"));
        Ok(())
    })
    .promising("a key lives as long as it is to", |view| match view.results("look").as_slice() {
        ["true true true", "true true true"] => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .run(&bursts(3));
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 3));
    assert!(
        outcome.clock.starts_with("real time: the run's clock and the clock of redis"),
        "{}",
        outcome.clock
    );
}

/// Each burst starts at the same time, whatever time has passed in the one before; the aftermath comes when all are done.
#[test]
fn bursts_start_at_the_same_time_and_the_aftermath_is_last() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let started = worker.clock().now();
        worker.sleep(Duration::from_millis(20)).await;
        let mut redis = worker.redis().await?;
        let () = query(&mut redis, "INCR counter").await?;
        worker.invoke("start", "").ok(started.as_millis());
        Ok(())
    })
    .afterwards(|worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let count: i64 = query(&mut redis, "GET counter").await?;
        worker.invoke("count", "").ok(count);
        Ok(())
    })
    .promising("both have counted", |view| {
        match (view.results("start").as_slice(), view.results("count").as_slice()) {
            (["0", "0"], ["2"]) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .run(&bursts(3));
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 3));
}
