//! A worker that stops for ever: what the stores undo, who is woken, and what is told of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::WorkerEnd;
use raceproof::outcome::Stopped;
use raceproof::scenario::Result;
use raceproof::store::{Needs, SetUp};
use raceproof::{Card, Choice, Invariant, Plan, Scenario, Worker, WorkerId};

use crate::script::{Script, Store, along, ended, engine, engine_with, fault, plan};

const A: WorkerId = WorkerId(0);

/// The request that it had sent last is executed, the one at the gate is not, and nothing comes after it.
#[test]
fn crashed_worker_sends_nothing_more_and_its_operation_stays_open() {
    let script = Script::redis(&[&["SET a 1", "SET a 2", "SET a 3"], &["GET a"]]);
    let trace = script.along("A A~ B", "crash");
    assert_eq!(trace.ends[&A], WorkerEnd::Crashed);
    assert_eq!(ended(&trace, 0), ["ok ok", "open, hit in step 2"]);
    assert_eq!(trace.steps[1].tell(), "A crashes (`SET a 2` was not executed)");
    assert_eq!(trace.final_state, "a=1");
}

#[test]
fn crash_discards_a_transaction_that_was_queued() {
    let script = Script::redis(&[&["WATCH a", "MULTI", "SET a 1", "EXEC"], &["GET a"]]);
    let trace = script.along("A A~ B", "crash");
    let (_, hit) = fault(&trace.steps[1]);
    let hit = hit.expect("it was about to execute");
    assert_eq!((hit.queued.len(), hit.request.as_str(), hit.executed), (2, "EXEC", false));
    assert_eq!(trace.final_state, "(empty)");
}

/// The lock of the transaction is let go by the crash, in the same step.
#[test]
fn crash_rolls_back_and_wakes_who_waits() {
    let script =
        Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", "COMMIT"], &["UPDATE t SET n = n + 10"]]);
    let trace = script.given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)").along("A A B A~", "crash");
    assert_eq!(trace.steps[3].woken.len(), 1, "{:?}", trace.steps[3]);
    assert!(trace.final_state.contains("10"), "{}", trace.final_state);
    assert_eq!(ended(&trace, 0).last().map(String::as_str), Some("open, hit in step 4"));
}

/// Both wait for the same transaction, and which of them goes on first is a choice.
#[test]
fn several_that_a_crash_wakes_go_on_in_the_order_that_is_chosen() {
    let insert = |note| ["INSERT INTO t VALUES (1, 'b')", "INSERT INTO t VALUES (1, 'c')"][note];
    for (schedule, winner) in [("A A B C A~ B^ C^", "b"), ("A A B C A~ C^ B^", "c")] {
        let script = Script::postgres(&[
            &["BEGIN", "INSERT INTO t VALUES (1, 'a')", "COMMIT"],
            &[insert(0)],
            &[insert(1)],
        ]);
        let trace = script.given("CREATE TABLE t (id int PRIMARY KEY, note text)").along(schedule, "crash");
        assert!(trace.final_state.contains(winner), "{schedule}: {}", trace.final_state);
    }
}

#[test]
fn sleeping_worker_may_crash() {
    let trace = Script::redis(&[&["SET a 1", "sleep 5", "SET a 2"], &["GET a"]]).along("A A~ B", "crash");
    assert_eq!(trace.steps[1].tell(), "A crashes");
    assert_eq!(trace.final_state, "a=1");
}

/// It is between no two requests.
#[test]
fn worker_whose_request_waits_in_the_store_does_not_crash() {
    let script =
        Script::postgres(&[&["BEGIN", "UPDATE t SET n = 1", "COMMIT"], &["UPDATE t SET n = n + 10"]]);
    let given = script.given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)");
    assert_eq!(given.fitting("A A B B~", "crash"), "A A B");
}

/// The destructors of a program that is dropped run here, though not in a process that dies: what they send must not
/// get out, nor what a task sends that the program has left behind.
struct LastWill;

struct Guard(Arc<Worker>);

impl Drop for Guard {
    fn drop(&mut self) {
        let worker = Arc::clone(&self.0);
        tokio::task::spawn_local(async move {
            let mut redis = worker.redis().await?;
            redis::cmd("DEL").arg("lock").exec_async(&mut redis).await
        });
    }
}

#[async_trait(?Send)]
impl Scenario for LastWill {
    fn card(&self) -> Card {
        Card { name: "faults/last-will".to_owned(), stores: vec!["redis".to_owned()], ..Card::default() }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 1 {
            worker.sleep(Duration::from_millis(1)).await;
            return Ok(());
        }
        let guard = Guard(Arc::new(worker));
        let mut redis = guard.0.redis().await?;
        redis::cmd("SET").arg("lock").arg(1).exec_async(&mut redis).await?;
        redis::cmd("GET").arg("lock").exec_async(&mut redis).await?;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let held =
            |view: &raceproof::View<'_>| match view.has_crashed(A) && view.state.integer("lock") == Some(1) {
                true => Err("the lock is held for ever".to_owned()),
                false => Ok(()),
            };
        vec![Invariant::new("the lock is let go", held)]
    }
}

#[test]
fn what_a_program_does_in_its_fall_does_not_get_out() {
    let mut engine = engine(Store::Redis);
    let plan = Plan { model: "crash".parse().expect("a model"), ..Plan::default() };
    let scenario: Arc<dyn Scenario> = Arc::new(LastWill);
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("runs");
    let counterexample = outcome.counterexample.expect("a lock that is held for ever");
    let crashes = counterexample.shrunk.schedule.0.iter().filter(|choice| matches!(choice, Choice::Crash(_)));
    assert_eq!(crashes.count(), 1);
    assert_eq!((counterexample.replays.reproduced, counterexample.replays.differing), (10, 0));
    engine.stop().expect("stops");
}

/// A worker with connections to both stores: an open transaction in the one, a queued one in the other.
struct Everywhere;

#[async_trait(?Send)]
impl Scenario for Everywhere {
    fn card(&self) -> Card {
        let stores = ["redis", "postgres"].map(str::to_owned).to_vec();
        Card { name: "faults/everywhere".to_owned(), stores, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (0)").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        if worker.index() == 1 {
            postgres.batch_execute("UPDATE t SET n = n + 10").await?;
            return Ok(());
        }
        postgres.batch_execute("BEGIN").await?;
        postgres.batch_execute("UPDATE t SET n = 1").await?;
        let mut redis = worker.redis().await?;
        for command in ["MULTI", "INCR a", "EXEC"] {
            crate::script::packed(command).query_async::<redis::Value>(&mut redis).await?;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

#[test]
fn crash_ends_the_connections_to_all_stores() {
    let mut engine = engine_with(Needs::BOTH);
    let scenario: Arc<dyn Scenario> = Arc::new(Everywhere);
    let trace = along(&mut engine, &scenario, 2, "A A B A~", "crash");
    assert_eq!(trace.steps[3].tell(), "A crashes (`EXEC` was not executed); wakes B: UPDATE 1");
    assert!(!trace.final_state.contains("a=") && trace.final_state.contains("10"), "{}", trace.final_state);
    engine.stop().expect("stops");
}

/// A search under faults that has had none says nothing, so it goes on beyond its time until it has had one.
#[test]
fn search_goes_on_until_its_first_fault() {
    let search = |patience| {
        let commands: &[&[&str]] = &[&["SET a 1", "SET a 2"], &["GET a", "GET a"]];
        let plan = Plan { budget: Duration::ZERO, patience, ..plan("crash") };
        Script::redis(commands).explore_as(&plan).coverage
    };
    let (hasty, patient) = (search(Duration::ZERO), search(Duration::from_mins(1)));
    assert!(hasty.faults.is_empty(), "{:?}", hasty.faults);
    assert_eq!((patient.faults.get("crash"), patient.stopped), (Some(&1), Stopped::TimeBudget));
}
