//! The run's clock: sleeping takes no time and ends when the scheduler says so.

use std::time::Duration;

use raceproof::Verdict;

use crate::probe::{Probe, send, told};

/// An hour's sleep and one command of another worker: the command may come before or after it.
#[test]
fn passing_of_time_is_a_choice() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 0 {
            worker.sleep(Duration::from_secs(3_600)).await;
            worker.invoke("wake after s", "").ok(worker.clock().now().as_secs());
        }
        let count: i64 = send(&worker, "INCR n").await?;
        worker.invoke("incr", worker.id()).ok(count);
        Ok(())
    });
    let outcome = probe.promising("the sleeper comes last", |view| {
        let sleeper = view.done("incr").find(|incr| incr.argument == "A").map(|incr| incr.end.clone());
        match sleeper {
            Some(raceproof::history::OperationEnd::Ok(count)) if count == "2" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (3, 1));
    assert_eq!(told(&outcome), ["time passes to 3600000 ms", "A: `INCR n` -> 1", "B: `INCR n` -> 2"]);
}

/// Time goes from deadline to deadline, whoever set it.
#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    let probe = Probe::new(2, |worker| async move {
        worker.sleep(Duration::from_millis(if worker.index() == 0 { 20 } else { 10 })).await;
        worker.invoke("wake", "").ok(worker.clock().now().as_millis());
        Ok(())
    });
    let outcome = probe.promising("B wakes first", |view| {
        let woke: Vec<_> = view.done("wake").map(|wake| wake.worker.to_string()).collect();
        if woke == ["B", "A"] && view.results("wake") == ["10", "20"] {
            Ok(())
        } else {
            Err(format!("{woke:?}"))
        }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.verdict), (1, Verdict::Pass));
}
