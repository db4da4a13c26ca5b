//! Bursts on Postgres: statements side by side, rows brought back, locks that end with their session.

use raceproof::plan::RunLimits;
use raceproof::{Plan, Verdict, Worker};

use crate::probe::{Probe, bursts};

const COUNTER: &str =
    "CREATE TABLE counter (id int PRIMARY KEY, value int); INSERT INTO counter VALUES (1, 0)";

async fn read_then_write(worker: Worker) -> raceproof::scenario::Result {
    let client = worker.postgres().await?;
    let increment = worker.invoke("increment", "");
    let value: i32 = client.query_one("SELECT value FROM counter", &[]).await?.get(0);
    client.execute("UPDATE counter SET value = $1", &[&(value + 1)]).await?;
    increment.ok(value + 1);
    Ok(())
}

fn counting<F>(work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Probe
where
    F: Future<Output = raceproof::scenario::Result> + 'static,
{
    Probe::postgres(4, COUNTER, work).promising("no increment is lost", |view| {
        let text = view.state.to_string();
        if text.contains(&format!("value: {}", view.count("increment"))) { Ok(()) } else { Err(text) }
    })
}

/// What is read and then written is lost; what is done in one statement is not, and the words of both are told.
#[test]
fn update_of_what_was_read_is_lost_and_single_statement_is_not() {
    let outcome = counting(read_then_write).run(&bursts(100));
    assert!(outcome.verdict.violation().is_some(), "{:?}", outcome.verdict);
    let told = outcome.bursts.expect("it ran free");
    let kinds: Vec<_> = told.latencies.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["postgres SELECT", "postgres UPDATE"]);
    let burst = told.violating.expect("it was seen");
    assert!(burst.passed.iter().any(|passed| {
        passed
            .request
            .as_deref()
            .is_some_and(|request| request.starts_with("UPDATE counter SET value = $1 ["))
    }));
    let single = |worker: Worker| async move {
        let client = worker.postgres().await?;
        let increment = worker.invoke("increment", "");
        client.batch_execute("UPDATE counter SET value = value + 1").await?;
        increment.ok("");
        Ok(())
    };
    let outcome = counting(single).run(&bursts(20));
    assert_eq!(
        (&outcome.verdict, outcome.coverage.schedules),
        (&Verdict::Pass, 20),
        "{:?}",
        outcome.coverage
    );
}

/// The end of a worker lets go what its session had locked, so that the next one gets it.
#[test]
fn lock_of_a_session_ends_with_its_worker() {
    let limits = RunLimits { settle_ms_max: 2_000, ..RunLimits::default() };
    let outcome = counting(|worker: Worker| async move {
        let client = worker.postgres().await?;
        let increment = worker.invoke("increment", "");
        client.batch_execute("SELECT pg_advisory_lock(1)").await?;
        client.batch_execute("UPDATE counter SET value = value + 1").await?;
        increment.ok("");
        Ok(())
    })
    .run(&Plan { limits, ..bursts(5) });
    assert_eq!((&outcome.verdict, outcome.coverage.schedules), (&Verdict::Pass, 5), "{:?}", outcome.coverage);
}
