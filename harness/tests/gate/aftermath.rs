//! The worker that comes when all others have ended: it goes on undisturbed, and what it finds is judged.

use std::time::Duration;

use raceproof::{Choice, Verdict, Worker, WorkerId};

use crate::probe::{Probe, query, send, told};

async fn take(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    if query::<i64>(&mut redis, "SETNX lock mine").await? == 1 {
        worker.invoke("take", "").ok(worker.id());
        let _: i64 = query(&mut redis, "DEL lock").await?;
    }
    Ok(())
}

/// With one option at each of its points it adds no schedule: two workers of at most two requests have the same three.
#[test]
fn aftermath_runs_last_and_branches_nothing() {
    let alone = Probe::new(2, take).explore().coverage;
    let followed = Probe::new(2, take).afterwards(take).promising("the lock can be taken again", |view| {
        let last = view.done("take").last().map(|take| take.worker);
        if last == Some(WorkerId(2)) { Ok(()) } else { Err(format!("{last:?}")) }
    });
    let outcome = followed.explore();
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert_eq!((outcome.coverage.schedules, outcome.coverage.exhausted), (alone.schedules, true));
}

/// It is called after the whole team also where shrinking has left workers out, and replays as part of the schedule.
#[test]
fn aftermath_keeps_its_name_when_the_team_shrinks() {
    let outcome = Probe::new(3, take).afterwards(take).told().explore_as(&raceproof::Plan::default());
    let counterexample = outcome.counterexample.expect("told");
    let shrunk = &counterexample.shrunk;
    assert_eq!(shrunk.workers, [WorkerId(0), WorkerId(3)]);
    let last = shrunk.schedule.0.last().copied().and_then(Choice::worker);
    assert_eq!(last, Some(WorkerId(3)));
    assert_eq!((counterexample.replays.reproduced, counterexample.replays.differing), (10, 0));
}

/// Time passes for it when it sleeps, and only then.
#[test]
fn aftermath_may_sleep() {
    let probe = Probe::new(1, |worker| async move { Ok(send(&worker, "SET k v").await?) });
    let probe = probe.afterwards(|worker| async move {
        worker.sleep(Duration::from_secs(60)).await;
        Ok(send(&worker, "SET k w").await?)
    });
    let outcome = probe.told().explore();
    assert_eq!(told(&outcome), ["A: `SET k v` -> OK", "time passes to 60000 ms", "B: `SET k w` -> OK"]);
    assert_eq!(outcome.coverage.schedules, 1);
}

/// Workers that wait for each other are the violation; the aftermath is not asked.
#[test]
fn aftermath_that_waits_for_ever_is_named_and_comes_after_deadlocks() {
    let stuck = |worker: Worker| async move { Ok(send(&worker, "BLPOP nothing 0").await?) };
    let outcome = Probe::new(1, take).afterwards(stuck).explore();
    let found = &outcome.verdict.violation().expect("nobody pushes").found;
    assert!(found.starts_with("B waits for ever"), "{found}");
    let outcome = Probe::new(1, stuck).afterwards(take).explore();
    let found = &outcome.verdict.violation().expect("nobody pushes").found;
    assert!(found.starts_with("A waits for ever"), "{found}");
    let counterexample = outcome.counterexample.expect("a violation has evidence");
    assert_eq!(counterexample.shrunk.workers, [WorkerId(0)]);
}
