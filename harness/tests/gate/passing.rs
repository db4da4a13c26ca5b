//! Beside a violation stands the closest execution that passes, so that one step explains the difference.

use std::time::Duration;

use raceproof::outcome::Passing;
use raceproof::{FaultModel, Outcome, Plan, Verdict, Worker};

use crate::probe::{Probe, query};

/// What was violated, and what passes: schedule and the first step that differs.
fn pair(outcome: &Outcome) -> (String, Option<(String, usize)>) {
    let evidence = outcome.counterexample.as_ref().expect("a violation");
    let told = |passing: &Passing| {
        assert_eq!(passing.trace.verdict, Verdict::Pass);
        assert!(passing.candidates > 0);
        (passing.trace.schedule.to_string(), passing.differs_at)
    };
    (evidence.shrunk.schedule.to_string(), evidence.passing.as_ref().map(told))
}

fn passes(schedule: &str, differs_at: usize) -> Option<(String, usize)> {
    Some((schedule.to_owned(), differs_at))
}

async fn increment(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let value: i64 = query(&mut redis, "GET counter").await?;
    let increment = worker.invoke("increment", "");
    let () = query(&mut redis, &format!("SET counter {}", value + 1)).await?;
    increment.ok(value + 1);
    Ok(())
}

fn counting(probe: Probe) -> Probe {
    probe.given("SET counter 0").promising("no increment is lost", |view| {
        match view.state.integer("counter") == i64::try_from(view.workers).ok() {
            true => Ok(()),
            false => Err(view.state.to_string()),
        }
    })
}

/// Of the two serial orders the one that begins as the violation does; twice the same.
#[test]
fn lost_update_passes_if_the_write_comes_before_the_other_read() {
    let [first, second] = [(), ()].map(|()| counting(Probe::new(2, increment)).explore_as(&Plan::default()));
    assert_eq!(pair(&first), ("A B B A".to_owned(), passes("A A B B", 2)));
    assert_eq!(first.counterexample, second.counterexample);
}

#[test]
fn crash_passes_without_the_crash() {
    let plan = Plan { model: FaultModel::one(raceproof::FaultKind::Crash), ..Plan::default() };
    let probe = Probe::new(2, |worker: Worker| async move {
        Ok(query(&mut worker.redis().await?, "INCR counter").await?)
    });
    assert_eq!(pair(&counting(probe).explore_as(&plan)), ("A~".to_owned(), passes("A", 1)));
}

/// What a key with a time to live protects is gone if time passes first.
#[test]
fn expiry_passes_without_the_passing_of_time() {
    let probe = Probe::new(2, |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            let () = query(&mut redis, "SET lease a PX 100").await?;
            let held: bool = query(&mut redis, "EXISTS lease").await?;
            worker.invoke("work", "").ok(held);
        } else {
            let () = query(&mut redis, "SET other 1").await?;
            worker.sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    });
    let probe =
        probe.promising("who works holds the lease", |view| match view.results("work").contains(&"false") {
            true => Err("it does not".to_owned()),
            false => Ok(()),
        });
    assert_eq!(pair(&probe.explore_as(&Plan::default())), ("A + A".to_owned(), passes("A A", 2)));
}

/// What no schedule can help has no passing one beside it.
#[test]
fn violation_of_every_schedule_has_none() {
    let probe = Probe::new(2, increment).given("SET counter 0").told();
    let (schedule, passing) = pair(&probe.explore_as(&Plan::default()));
    assert_eq!((schedule.as_str(), passing), ("A A", None));
}
