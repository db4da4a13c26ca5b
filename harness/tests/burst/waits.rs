//! Workers that wait: for each other, for ever, for nothing, and what is told of it.

use raceproof::plan::RunLimits;
use raceproof::{Inconclusive, Plan, Verdict, Worker};

use crate::probe::{Probe, bursts, query};

/// A short patience: who waits for ever is to be ended soon.
fn impatient(schedules_max: u64) -> Plan {
    Plan { limits: RunLimits { settle_ms_max: 200, ..RunLimits::default() }, ..bursts(schedules_max) }
}

/// Nobody ever pushes: it is ended and told, and the list of those who wait is whole.
#[test]
fn worker_that_waits_in_a_store_for_ever_is_ended_and_told() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            return Ok(query(&mut redis, "SET done 1").await?);
        }
        let _: Option<(String, String)> = query(&mut redis, "BLPOP nothing 0").await?;
        Ok(())
    })
    .run(&impatient(5));
    let violation = outcome.verdict.violation().expect("B waits for ever");
    assert_eq!(violation.invariant, "every worker can finish");
    assert!(violation.found.starts_with("B waits for ever"), "{}", violation.found);
    let burst = outcome.bursts.and_then(|bursts| bursts.violating).expect("it was seen");
    let unanswered: Vec<_> = burst.passed.iter().filter(|passed| passed.reply.is_none()).collect();
    assert_eq!(unanswered.len(), 1);
    assert_eq!(unanswered[0].request.as_deref(), Some("BLPOP nothing 0"));
    assert_eq!(burst.final_state, "done=1");
}

/// What it waits for lies outside of the stores, so nothing can be said.
#[test]
fn worker_that_waits_for_nothing_is_inconclusive() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let () = query(&mut redis, "INCR counter").await?;
        if worker.index() == 1 {
            std::future::pending::<()>().await;
        }
        Ok(())
    })
    .run(&impatient(5));
    let unsettled = Inconclusive::Unsettled { workers: "B".to_owned(), settle_ms_max: 200 };
    assert_eq!(outcome.verdict, Verdict::Inconclusive(unsettled));
}

/// It never stops trying, so the time that the bursts may take ends it.
#[test]
fn worker_that_tries_for_ever_is_ended_by_the_budget() {
    let limits = RunLimits { step_ms_max: 300, ..RunLimits::default() };
    let budget = std::time::Duration::from_millis(200);
    let outcome = Probe::redis(1, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        while !query::<bool>(&mut redis, "EXISTS never").await? {}
        Ok(())
    })
    .run(&Plan { limits, budget, ..bursts(5) });
    let unfinished = Inconclusive::Unfinished { workers: "A".to_owned(), limit_ms: 300 };
    assert_eq!(outcome.verdict, Verdict::Inconclusive(unfinished));
}

/// A panic is a broken promise, on whichever thread.
#[test]
fn panic_of_a_worker_is_told() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        let () = query(&mut redis, "INCR counter").await?;
        assert!(worker.index() == 0, "not me");
        Ok(())
    })
    .run(&bursts(3));
    assert_eq!(outcome.verdict.violation().map(|found| found.found.as_str()), Some("B panicked: not me"));
}

/// The one that pops is woken by the one that pushes, and a subscriber hears what is published.
#[test]
fn workers_that_wait_for_each_other_finish() {
    let outcome = Probe::redis(2, "", |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            let (_, value): (String, i64) = query(&mut redis, "BLPOP queue 0").await?;
            worker.invoke("pop", "").ok(value);
        } else {
            let () = query(&mut redis, "RPUSH queue 7").await?;
        }
        Ok(())
    })
    .promising("it is popped", |view| match view.results("pop").as_slice() {
        ["7"] => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .run(&bursts(20));
    assert_eq!(
        (&outcome.verdict, outcome.coverage.schedules),
        (&Verdict::Pass, 20),
        "{:?}",
        outcome.coverage
    );
}
