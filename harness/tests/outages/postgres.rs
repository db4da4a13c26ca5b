//! Postgres killed: what was committed is there again, what was not is not, and nobody holds a lock.

use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice};
use raceproof::{FaultKind, Verdict, View, Worker};

use crate::probe::{Probe, engine, explore, local, replay, told};

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL); INSERT INTO t VALUES (1, 0)";

/// Adds one in a transaction, and says whether the commit was acknowledged.
async fn add(worker: Worker) -> Result {
    let client = worker.postgres().await?;
    let add = worker.invoke("add", "");
    let done = async {
        client.batch_execute("BEGIN").await?;
        client.batch_execute("SELECT pg_advisory_lock(7)").await?;
        client.batch_execute("UPDATE t SET n = n + 1 WHERE id = 1").await?;
        client.batch_execute("COMMIT").await
    };
    match done.await {
        Ok(()) => add.ok(""),
        Err(error) => add.unknown(error),
    }
    // A lock that outlived its session would keep this waiting for ever.
    let client = worker.postgres().await?;
    client.batch_execute("SELECT pg_advisory_lock(7)").await?;
    client.batch_execute("INSERT INTO t VALUES (2, 0)").await?;
    Ok(())
}

/// Every acknowledged addition is there, and no other.
fn exactly_the_acknowledged(view: &View<'_>) -> std::result::Result<(), String> {
    let expected = view.count("add").to_string();
    let found = view.state.rows("t").find(|row| row.get("id").is_some_and(|id| id == "1"));
    match found {
        Some(row) if row.get("n") == Some(&expected) => Ok(()),
        other => Err(format!("{expected} were acknowledged, and there is {other:?}")),
    }
}

fn restart_keeps(engine: &mut Engine) {
    let probe = Probe::new(&["postgres"], add).sql(TABLE).promising(exactly_the_acknowledged);
    let outcome = explore(engine, probe, FaultKind::Restart);
    assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:#?}");
    assert!(outcome.coverage.schedules > 5, "{outcome:?}");
}

#[test]
fn restart_keeps_what_was_committed_and_nothing_else() {
    restart_keeps(&mut local(Needs::POSTGRES));
}

#[test]
fn container_restarts_as_a_process_does() {
    let mut engine = engine(ProviderChoice::Docker, Needs::POSTGRES);
    restart_keeps(&mut engine);
    engine.stop().unwrap();
}

#[test]
fn restart_is_replayed_twenty_times_alike() {
    let mut engine = local(Needs::POSTGRES);
    let gone = |view: &View<'_>| match view.count("add") {
        2 => Ok(()),
        count => Err(format!("{count} additions were acknowledged")),
    };
    let scenario = Probe::new(&["postgres"], add).sql(TABLE).workers(2).promising(gone).scenario();
    let plan = raceproof::Plan { keep_going: false, ..crate::probe::plan(FaultKind::Restart) };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).unwrap();
    assert!(told(&outcome).iter().any(|step| step.starts_with("postgres restarts")), "{outcome:#?}");
    let replay = replay(&mut engine, &scenario, &outcome, FaultKind::Restart);
    assert_eq!((replay.replays.reproduced, replay.replays.differing), (20, 0), "{replay:?}");
}

/// What brings the stores back to how every execution begins lasts as well.
#[test]
fn restart_before_the_first_commit_brings_nothing_of_another_execution_back() {
    async fn add_to_row(worker: Worker) -> Result {
        let _at_the_gate = worker.postgres().await?.batch_execute("SELECT 1").await;
        worker.postgres().await?.batch_execute("UPDATE t SET n = n + 1 WHERE id = 1").await?;
        Ok(())
    }
    let one_for_each_at_most = |view: &View<'_>| {
        let found = view.state.rows("t").find_map(|row| row.get("n").cloned());
        match found.as_deref() {
            Some("0" | "1" | "2") => Ok(()),
            other => Err(format!("two workers added one each to 0, and there is {other:?}")),
        }
    };
    let mut engine = local(Needs::POSTGRES);
    let probe = Probe::new(&["postgres"], add_to_row).workers(2).sql(TABLE).promising(one_for_each_at_most);
    let outcome = explore(&mut engine, probe, FaultKind::Restart);
    assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:#?}");
}

/// A search in which nothing can happen must not pass.
#[test]
fn model_under_which_nothing_can_happen_is_inconclusive() {
    let mut engine = local(Needs::POSTGRES);
    let outcome = explore(&mut engine, Probe::new(&["postgres"], add).sql(TABLE), FaultKind::Wipe);
    assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)), "{outcome:?}");
}
