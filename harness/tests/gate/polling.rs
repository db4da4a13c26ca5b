//! Workers that ask again and again: as long as nothing changes they are not let go round in circles.

use std::time::Duration;

use raceproof::{Outcome, Verdict, Worker};

use crate::probe::{Probe, query, send, told};

/// Takes the lock by polling, counts, and lets it go.
async fn spin(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    while query::<i64>(&mut redis, "SETNX lock mine").await? == 0 {}
    let _: i64 = query(&mut redis, "INCR n").await?;
    let _: i64 = query(&mut redis, "DEL lock").await?;
    Ok(())
}

fn violation(outcome: &Outcome) -> (&str, &str) {
    let Verdict::Violation(violation) = &outcome.verdict else { panic!("{:?}", outcome.verdict) };
    (&violation.invariant, &violation.found)
}

/// Without a bound on circles there is no end of schedules; with it each order of the two is reached.
#[test]
fn owners_that_poll_are_explored_to_the_end() {
    let outcome = Probe::new(2, spin).promising("all count", |view| match view.state.integer("n") {
        Some(2) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let outcome = outcome.explore();
    let coverage = &outcome.coverage;
    assert_eq!((&outcome.verdict, coverage.exhausted), (&Verdict::Pass, true), "{coverage:?}");
    assert!(coverage.schedules < 200, "{} schedules", coverage.schedules);
}

/// The pollers see the lock held at most twice between two steps of the holder.
#[test]
fn pollers_and_a_holder_are_explored_to_the_end() {
    let probe = Probe::new(3, |worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            return Ok(query(&mut redis, "DEL lock").await?);
        }
        while query::<i64>(&mut redis, "EXISTS lock").await? == 1 {}
        Ok(())
    });
    let coverage = probe.given("SET lock A").explore().coverage;
    assert!(coverage.exhausted && coverage.schedules < 100, "{coverage:?}");
}

/// The lock is held from the start and nobody lets it go: two rounds show it, and the record has no more.
#[test]
fn polling_for_what_nobody_can_change_is_a_violation_with_a_name() {
    let outcome = Probe::new(1, spin).given("SET lock gone").explore();
    let expected =
        "A waits for ever: it repeats `SETNX lock mine` and nothing that is left can change the answer";
    assert_eq!(violation(&outcome), ("every worker can finish", expected));
    assert_eq!(told(&outcome), ["A: `SETNX lock mine` -> 0", "A: `SETNX lock mine` -> 0"]);
    let replays = outcome.counterexample.expect("told").replays;
    assert_eq!((replays.reproduced, replays.differing), (10, 0));
}

/// Sleeping between two tries is part of the circle; time that nobody else needs does not pass for it.
#[test]
fn polling_with_a_pause_is_a_circle_too() {
    let probe = Probe::new(1, |worker| async move {
        while send::<i64>(&worker, "SETNX lock mine").await? == 0 {
            worker.sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    });
    let outcome = probe.given("SET lock gone").explore();
    assert_eq!(violation(&outcome).0, "every worker can finish");
    assert!(told(&outcome).len() <= 6, "{:?}", told(&outcome));
}

/// Programs that count their tries, or look at the clock, end by themselves when nothing else is left to happen.
#[test]
fn bounded_pollers_give_up() {
    let tries = Probe::new(1, |worker| async move {
        for _ in 0..7 {
            if send::<i64>(&worker, "SETNX lock mine").await? == 1 {
                return Ok(());
            }
        }
        worker.invoke("give up", "").ok("");
        Ok(())
    });
    let until = Probe::new(1, |worker| async move {
        let end = worker.now() + Duration::from_secs(3_600);
        while worker.now() < end {
            if send::<i64>(&worker, "SETNX lock mine").await? == 1 {
                return Ok(());
            }
            worker.sleep(Duration::from_millis(10)).await;
        }
        worker.invoke("give up", "").ok("");
        Ok(())
    });
    for probe in [tries, until] {
        let probe =
            probe.given("SET lock gone").promising("it gives up", |view| match view.count("give up") {
                1 => Ok(()),
                other => Err(other.to_string()),
            });
        let outcome = probe.explore();
        assert_eq!(outcome.verdict, Verdict::Pass);
    }
}

/// Every answer is another, so nothing is left out: (3 + 3)! / (3! 3!) orders.
#[test]
fn counting_is_no_circle() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        for _ in 0..3 {
            let _: i64 = query(&mut redis, "INCR n").await?;
        }
        Ok(())
    });
    assert_eq!(probe.explore().coverage.schedules, 20);
}

/// The answer `OK` is always the same, but the value is another each time: the stores themselves are asked.
#[test]
fn write_with_the_same_answer_is_no_circle_as_long_as_it_changes_something() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        for _ in 0..4 {
            let _: String = query(&mut redis, "LTRIM list 1 -1").await?;
        }
        Ok(())
    });
    let outcome = probe.given("RPUSH list 1 2 3 4 5 6 7 8 9").explore();
    assert_eq!(outcome.coverage.schedules, 70, "8! / (4! 4!)");
}
