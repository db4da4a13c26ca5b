//! Executions that cannot be judged, each with its name, and programs that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use raceproof::plan::RunLimits;
use raceproof::store::redis::NAME;
use raceproof::{Inconclusive, Outcome, Plan, Verdict};
use tokio::io::AsyncWriteExt;

use crate::probe::{Probe, engine, query, send};

fn reason(outcome: &Outcome) -> &Inconclusive {
    match &outcome.verdict {
        Verdict::Inconclusive(reason) => reason,
        other => panic!("inconclusive was expected, not {other:?}"),
    }
}

fn impatient() -> Plan {
    Plan { limits: RunLimits { settle_ms_max: 60, ..RunLimits::default() }, ..Plan::default() }
}

/// A thread will wake it some day, so it is waited for, and given up at the limit.
#[test]
fn worker_that_neither_ends_nor_asks_is_named() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 1 {
            let (_release, released) = tokio::sync::oneshot::channel::<()>();
            let thread = std::thread::spawn(|| std::thread::park_timeout(std::time::Duration::from_secs(10)));
            let _ = released.await;
            drop(thread);
        }
        Ok(send(&worker, "SET k v").await?)
    });
    let outcome = probe.explore_as(&impatient());
    assert!(
        matches!(reason(&outcome), Inconclusive::Unsettled { workers, settle_ms_max: 60 } if workers == "B"),
        "{:?}",
        outcome.verdict
    );
}

/// Half a request is no request, and nobody is left who could complete it.
#[test]
fn half_a_request_is_waited_for_by_nobody() {
    let probe = Probe::new(1, |worker| async move {
        let mut stream = worker.stream(NAME);
        stream.write_all(b"*2\r\n$3\r\nGET\r\n$100\r\nonly this").await?;
        std::future::pending::<()>().await;
        Ok(())
    });
    let outcome = probe.explore_as(&impatient());
    let violation = outcome.verdict.violation().expect("nobody can go on");
    assert_eq!(violation.invariant, "every worker can finish");
}

#[test]
fn endless_retries_hit_the_step_limit() {
    let probe = Probe::new(1, |worker| async move {
        let mut redis = worker.redis().await?;
        loop {
            let _: i64 = query(&mut redis, "INCR always").await?;
        }
    });
    let limits = RunLimits { steps_max: 20, ..RunLimits::default() };
    let outcome = probe.explore_as(&Plan { limits, ..Plan::default() });
    assert_eq!(reason(&outcome), &Inconclusive::StepLimit { steps_max: 20 });
}

#[test]
fn unsupported_command_is_named_with_its_worker() {
    let probe = Probe::new(1, |worker| async move { Ok(send(&worker, "MONITOR").await?) });
    let outcome = probe.explore();
    assert!(
        matches!(reason(&outcome), Inconclusive::Unsupported { what }
        if what.contains("connection A") && what.contains("MONITOR")),
        "{:?}",
        outcome.verdict
    );
}

#[test]
fn bytes_that_are_no_request_are_unsupported() {
    let probe = Probe::new(1, |worker| async move {
        let mut stream = worker.stream(NAME);
        stream.write_all(b"*1\r\n$-5\r\nnonsense").await?;
        std::future::pending::<()>().await;
        Ok(())
    });
    assert!(
        matches!(reason(&probe.explore()), Inconclusive::Unsupported { what } if what.contains("no request"))
    );
}

/// The panic is judged, and only the panicking worker stays in the counterexample.
#[test]
fn panic_of_a_worker_is_a_violation() {
    let probe = Probe::new(2, |worker| async move {
        let () = send(&worker, "SET k v").await?;
        assert!(worker.index() != 1, "B fell over");
        Ok(())
    });
    let outcome = probe.explore();
    let violation = outcome.verdict.violation().expect("a panic").clone();
    assert_eq!(violation.invariant, "no worker panics");
    assert!(violation.found.contains("B fell over"), "{violation:?}");
    assert_eq!(outcome.counterexample.expect("evidence").shrunk.workers.len(), 1);
}

/// An unhandled error is an outcome: counted, and inconclusive if no execution got past it.
#[test]
fn failure_in_every_execution_is_no_pass() {
    let probe = Probe::new(2, |worker| async move { Ok(send(&worker, "LPUSH text x").await?) });
    let outcome = probe.given("SET text t").explore();
    assert!(matches!(reason(&outcome), Inconclusive::Vacuous { what } if what.contains("WRONGTYPE")));
    assert!(!outcome.coverage.failures.is_empty());
}

/// The program counts its own runs, so the second execution sends something else than the first.
#[test]
fn program_that_remembers_is_nondeterministic_at_a_named_step() {
    let runs = Arc::new(AtomicUsize::new(0));
    let probe = Probe::new(1, move |worker| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        async move {
            let () = send(&worker, "SET same 1").await?;
            Ok(send(&worker, &format!("SET other {run}")).await?)
        }
    });
    let outcome = probe.explore();
    let expected = "expected A.1: `SET other 0` -> OK, found A.1: `SET other 1` -> OK";
    assert!(
        matches!(reason(&outcome), Inconclusive::Nondeterministic { step: 2, what } if what == expected),
        "{outcome:?}"
    );
}

/// A script that never ends: the step's limit ends the execution, and the store is removed all the same.
#[test]
fn endless_script_is_a_lost_store() {
    let mut engine = engine();
    let scenario = Probe::new(1, |worker| async move {
        let mut redis = worker.redis().await?;
        let mut eval = redis::cmd("EVAL");
        eval.arg("redis.call('SET', 'k', 'v'); while true do end").arg(0);
        let _: redis::Value = eval.query_async(&mut redis).await?;
        Ok(())
    });
    let outcome = engine.explore(&scenario.scenario(), &short_steps(), &mut |_| {}).expect("runs");
    assert!(
        matches!(reason(&outcome), Inconclusive::StoreLost { what } if what.contains("100 ms")),
        "{outcome:?}"
    );
    engine.stop().expect("the store is removed all the same");
}

fn short_steps() -> Plan {
    Plan { limits: RunLimits { step_ms_max: 100, ..RunLimits::default() }, ..Plan::default() }
}

/// The store is stopped (SIGSTOP) by the worker itself, so its next request is never answered; nor is the
/// reset before the next search. Both say so, and nothing hangs.
#[test]
fn frozen_store_is_inconclusive_and_stays_so() {
    let mut engine = engine();
    let freezing = Probe::new(1, |worker| async move {
        let info: String = send(&worker, "INFO server").await?;
        let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).ok_or("no process id")?;
        let stopped = std::process::Command::new("kill").args(["-STOP", pid.trim()]).status()?;
        assert!(stopped.success());
        Ok(send(&worker, "SET k v").await?)
    });
    let outcome = engine.explore(&freezing.scenario(), &short_steps(), &mut |_| {}).expect("runs");
    assert!(matches!(reason(&outcome), Inconclusive::StoreLost { .. }), "{outcome:?}");
    let idle = Probe::new(1, |_worker| async { Ok(()) });
    let outcome = engine.explore(&idle.scenario(), &short_steps(), &mut |_| {}).expect("runs");
    assert!(matches!(reason(&outcome), Inconclusive::StoreLost { .. }), "{outcome:?}");
    engine.stop().expect("a frozen store is removed too");
}

/// A store that is not there is our user's mistake, not a verdict.
#[test]
fn store_that_is_not_behind_the_gate_is_an_error() {
    let mut engine = engine();
    let probe = Probe::new(1, |_worker| async { Ok(()) }).needing("mongo");
    let error =
        engine.explore(&probe.scenario(), &Plan::default(), &mut |_| {}).expect_err("there is no such store");
    assert!(error.to_string().contains("`mongo`"), "{error}");
    engine.stop().expect("stops");
}

/// A recorded schedule no longer fits when the code sends something else: the step is named.
#[test]
fn replay_names_the_step_at_which_the_code_differs() {
    let mut engine = engine();
    let sends = |second: &'static str| {
        let probe = Probe::new(2, move |worker| async move {
            let mut redis = worker.redis().await?;
            let _: i64 = query(&mut redis, "INCR a").await?;
            let _: i64 = query(&mut redis, second).await?;
            Ok(())
        });
        probe.told().scenario()
    };
    let outcome = engine.explore(&sends("INCR b"), &Plan::default(), &mut |_| {}).expect("runs");
    let recorded = outcome.counterexample.expect("told").original;
    let same = engine.replay(&sends("INCR b"), &recorded, &Plan::default(), 3).expect("replays");
    assert_eq!((same.replays.reproduced, same.replays.first_difference), (3, None));
    let other = engine.replay(&sends("INCR c"), &recorded, &Plan::default(), 3).expect("replays");
    let (step, what) = other.replays.first_difference.expect("another command");
    assert_eq!(step, 2);
    assert!(what.contains("INCR b") && what.contains("INCR c"), "{what}");
    engine.stop().expect("stops");
}
