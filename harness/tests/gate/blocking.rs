//! Requests that wait inside Redis until another worker's step, or Redis' own clock, ends the wait.

use raceproof::{Verdict, Worker};

use crate::probe::{Probe, send, told};

/// A takes from a queue into which B puts.
async fn take_and_put(worker: Worker) -> raceproof::scenario::Result {
    if worker.index() == 1 {
        let _: i64 = send(&worker, "LPUSH queue job").await?;
        return Ok(());
    }
    let taken: Vec<String> = send(&worker, "BLPOP queue 0").await?;
    worker.invoke("take", "").ok(taken.join(" "));
    Ok(())
}

/// A's wait is a state, not a time-out: in one order B wakes it, in the other it never waits.
#[test]
fn push_wakes_the_waiting_worker() {
    let outcome =
        Probe::new(2, take_and_put).promising("take", |view| match view.results("take").as_slice() {
            ["queue job"] => Ok(()),
            other => Err(format!("{other:?}")),
        });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.verdict), (2, Verdict::Pass));
}

#[test]
fn wait_and_wake_are_told() {
    let outcome = Probe::new(2, take_and_put).told().explore();
    let expected =
        ["A: `BLPOP queue 0` -> (blocked)", "B: `LPUSH queue job` -> 1; wakes A: [\"queue\", \"job\"]"];
    assert_eq!(told(&outcome), expected);
    let replays = outcome.counterexample.expect("told").replays;
    assert_eq!((replays.reproduced, replays.differing), (10, 0));
}

/// Redis serves those who wait in the order in which they began to, so the schedule decides who gets the
/// first job; both are served in every order.
#[test]
fn several_waiters_are_woken_in_the_order_of_the_schedule() {
    let probe = Probe::new(3, |worker| async move {
        if worker.index() == 2 {
            let _: i64 = send(&worker, "RPUSH queue 1 2").await?;
            return Ok(());
        }
        let taken: Vec<String> = send(&worker, "BLPOP queue 0").await?;
        worker.invoke("take", "").ok(&taken[1]);
        Ok(())
    });
    let outcome = probe.promising("A is served before B", |view| {
        let first = view.done("take").find(|take| take.worker.index() == 0).map(|take| take.end.clone());
        match first {
            Some(raceproof::history::OperationEnd::Ok(job)) if job == "1" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (6, 3));
    assert_eq!(outcome.counterexample.expect("B first").replays.reproduced, 10);
}

/// Streams and sorted sets wait in the same way.
#[test]
fn other_waiting_commands_are_woken_too() {
    for (wait, wake) in [
        ("XREAD BLOCK 0 STREAMS s $", "XADD s 1-1 f v"),
        ("BZPOPMIN z 0", "ZADD z 1 m"),
        ("BLMOVE from to LEFT LEFT 0", "RPUSH from x"),
        ("BLMPOP 0 1 l LEFT", "RPUSH l x"),
    ] {
        let probe = Probe::new(2, move |worker| async move {
            if worker.index() == 1 {
                let _: redis::Value = send(&worker, wake).await?;
                return Ok(());
            }
            let _: redis::Value = send(&worker, wait).await?;
            Ok(())
        });
        // `XREAD … $` that begins after the only entry waits for ever: that schedule is a violation.
        let outcome = probe.explore();
        let lost = u64::from(wait.starts_with("XREAD"));
        assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (2, lost), "{wait}");
    }
}

/// A lost wake-up is a violation with a name, found at once and not by waiting.
#[test]
fn waiting_for_ever_is_a_violation() {
    let outcome =
        Probe::new(1, |worker| async move { Ok(send(&worker, "BLPOP nothing 0").await?) }).explore();
    let violation = outcome.verdict.violation().expect("nobody can wake A").clone();
    assert_eq!(violation.invariant, "every worker can finish");
    assert!(outcome.coverage.elapsed_us < 5_000_000, "no limit was waited for");
}

/// When nothing else can happen, time passes until Redis ends the wait.
#[test]
fn wait_with_a_limit_ends_when_nothing_else_can_happen() {
    let probe = Probe::new(1, |worker| async move {
        let taken: Option<Vec<String>> = send(&worker, "BLPOP nothing 0.05").await?;
        worker.invoke("take", "").ok(format!("{taken:?}"));
        let synced: i64 = send(&worker, "WAIT 1 20").await?;
        worker.invoke("wait", "").ok(synced);
        Ok(())
    });
    let outcome = probe.promising("nothing comes", |view| {
        let found = [view.results("take"), view.results("wait")].concat();
        if found == ["None", "0"] { Ok(()) } else { Err(format!("{found:?}")) }
    });
    let outcome = outcome.explore();
    assert_eq!((&outcome.verdict, outcome.coverage.steps), (&Verdict::Pass, 4));
}

/// The client's end ends the wait: Redis must not hand the job to a connection that nobody reads.
#[test]
fn abandoned_wait_takes_no_job() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 1 {
            let _: i64 = send(&worker, "LPUSH queue job").await?;
            return Ok(());
        }
        let (mut first, waker) = (worker.redis().await?, worker.clock().clone());
        let wait = crate::probe::query::<Vec<String>>(&mut first, "BLPOP queue 0");
        tokio::select! {
            _ = wait => {}
            () = worker.sleep(std::time::Duration::from_secs(1)) => {}
        }
        worker.invoke("gave up after s", "").ok(waker.now().as_secs());
        Ok(())
    });
    let outcome = probe.explore();
    assert!(outcome.coverage.exhausted, "{:?}", outcome.verdict);
    let states: Vec<_> = outcome.coverage.final_states.keys().map(String::as_str).collect();
    assert_eq!(states, ["(empty)", "queue=[job]"]);
}
