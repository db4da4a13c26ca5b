//! Clients as they are: dropped in the middle, cancelled, listening, copying, over TCP.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Plan, Scenario, Verdict, Worker};
use tokio_postgres::NoTls;

use crate::script::{Script, card, engine, send};

/// A client that vanishes in a transaction loses its session: what it wrote is undone, who waited goes on. That is
/// a step, because others notice it.
#[test]
fn vanished_client_is_rolled_back_and_wakes_others() {
    let script = Script::new(&[&["BEGIN", "UPDATE t SET n = 1"], &["UPDATE t SET n = n + 10"]]);
    let told = script.given("CREATE TABLE t (n int); INSERT INTO t VALUES (0)").along("A A B A");
    assert!(told[2].ends_with("(blocked)"), "{told:?}");
    assert!(told[3].starts_with("A: `disconnect`") && told[3].contains("; wakes B: UPDATE 1"), "{told:?}");
}

/// A notification reaches its listener when the schedule says so, and is all there before the next choice.
#[test]
fn notification_is_delivered_as_a_step() {
    let script = Script::new(&[&["LISTEN news", "SELECT 1"], &["NOTIFY news, 'hello'"]]);
    let told = script.along("A B A! A");
    assert!(told[2].contains("news") && told[2].contains("hello"), "{told:?}");
}

/// What a table lock keeps waiting includes requests that are no steps otherwise (the preparation of a statement).
struct Prepared;

#[async_trait(?Send)]
impl Scenario for Prepared {
    fn card(&self) -> Card {
        card("sql/prepared", 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (4)").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let client = worker.postgres().await?;
        if worker.index() == 0 {
            for sql in ["BEGIN", "LOCK TABLE t", "COMMIT"] {
                send(&worker, &client, sql).await;
            }
            return Ok(());
        }
        let row = client.query_one("SELECT n FROM t WHERE n > $1", &[&3]).await?;
        worker.invoke("read", "").ok(row.get::<_, i32>(0));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new(
            "B reads",
            |view| if view.count("read") == 1 { Ok(()) } else { Err("no".to_owned()) },
        )]
    }
}

#[test]
fn preparation_of_a_statement_can_wait_for_a_table() {
    let mut engine = engine();
    let scenario: Arc<dyn Scenario> = Arc::new(Prepared);
    let plan = Plan { keep_going: true, repeat: 2, ..Plan::default() };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("runs");
    engine.stop().expect("stops");
    assert_eq!((outcome.verdict, outcome.coverage.differing), (Verdict::Pass, 0));
}

/// B gives up a statement that waits for A, by a cancel request over a connection of its own.
struct Impatient;

#[async_trait(?Send)]
impl Scenario for Impatient {
    fn card(&self) -> Card {
        card("sql/impatient", 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Prepared.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let client = worker.postgres().await?;
        if worker.index() == 0 {
            for sql in ["BEGIN", "UPDATE t SET n = 1", "COMMIT"] {
                send(&worker, &client, sql).await;
            }
            return Ok(());
        }
        let (token, stream) = (client.cancel_token(), worker.stream("postgres"));
        let (waited, cancelled) = tokio::join!(client.simple_query("UPDATE t SET n = 2"), async {
            token.cancel_query_raw(stream, NoTls).await
        });
        cancelled?;
        match waited {
            Ok(_) => worker.invoke("update", "").ok("done"),
            Err(error) => worker.invoke("update", "").refused(error.code().map_or("?", |code| code.code())),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("B is never cancelled", |view| match view.count("update") {
            1 => Ok(()),
            _ => Err("cancelled".to_owned()),
        })]
    }
}

/// The cancel request is a step of its own: before the statement it does nothing, while it waits it ends it.
#[test]
fn cancel_request_reaches_the_statement_that_waits() {
    let mut engine = engine();
    let scenario: Arc<dyn Scenario> = Arc::new(Impatient);
    let plan = Plan { keep_going: true, repeat: 10, splits_max: 0, ..Plan::default() };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("runs");
    engine.stop().expect("stops");
    assert_eq!(outcome.coverage.differing, 0);
    let found = outcome.counterexample.expect("in some schedule it is cancelled");
    assert_eq!(found.replays.reproduced, 10);
    assert!(outcome.coverage.violating < outcome.coverage.schedules, "in some it is not");
}
