//! Owns the proof that the backend sees who waits for whom, whatever the wait is for.

use raceproof::gate::{Backend, Standing};
use raceproof::isolation::Isolation;
use tokio_postgres::Client;

use crate::support::{Bench, column, run};

/// `second` runs into what `first` holds in an open transaction; the words for the wait are returned.
async fn waits(set_up: &str, first: &str, second: &str) -> String {
    let mut bench = Bench::start().await;
    let ((one, holder), (other, waiter)) = (bench.client().await, bench.client().await);
    run(&one, set_up).await;
    run(&one, &format!("BEGIN; {first}")).await;
    assert_eq!(bench.standing(waiter).await, Standing::Quiet);
    let waiting = tokio::spawn(blocked(other, second.to_owned()));
    bench.until(waiter, &Standing::Blocked(vec![holder])).await;
    let both = bench.backend.standing(&[holder, waiter]).await.unwrap();
    assert_eq!(both, [Standing::Quiet, Standing::Blocked(vec![holder])]);
    let edges = bench.backend.waits(&[holder, waiter]).await.unwrap();
    assert_eq!(edges.iter().map(|edge| (edge.waiter, edge.holder)).collect::<Vec<_>>(), [(waiter, holder)]);
    run(&one, "ROLLBACK; SELECT pg_advisory_unlock_all()").await;
    waiting.await.unwrap();
    assert_eq!(bench.standing(waiter).await, Standing::Quiet);
    bench.stop().await;
    edges[0].lock.clone()
}

async fn blocked(client: Client, sql: String) {
    run(&client, &sql).await;
}

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)";

#[tokio::test]
async fn a_table_lock_is_seen() {
    let lock = waits(TABLE, "LOCK TABLE t", "SELECT * FROM t").await;
    assert_eq!(lock, "table `t` (AccessShareLock)");
}

#[tokio::test]
async fn an_advisory_lock_is_seen() {
    let lock = waits("SELECT 1", "SELECT pg_advisory_lock(1, -2)", "SELECT pg_advisory_lock(1, -2)").await;
    assert_eq!(lock, "advisory lock (1, -2)");
}

#[tokio::test]
async fn a_unique_key_is_seen() {
    let insert = "INSERT INTO t VALUES (2, 0)";
    let lock = waits(TABLE, insert, insert).await;
    assert_eq!(lock, "the end of the other's transaction (writing to `t`)");
}

#[tokio::test]
async fn a_row_lock_is_seen() {
    let update = "UPDATE t SET n = n + 1";
    let lock = waits(TABLE, update, update).await;
    assert_eq!(lock, "the end of the other's transaction (row of `t`)");
}

/// A deferrable transaction waits without any lock, until no other can invalidate its snapshot.
#[tokio::test]
async fn a_safe_snapshot_is_seen() {
    let lock = waits(
        TABLE,
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; UPDATE t SET n = 1",
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SELECT * FROM t; COMMIT",
    )
    .await;
    assert_eq!(lock, "a snapshot that no transaction can still invalidate");
}

#[tokio::test]
async fn an_armed_statement_stops_before_its_first_row_and_goes_on() {
    let mut bench = Bench::start().await;
    let ((one, _), (other, key)) = (bench.client().await, bench.client().await);
    run(&one, TABLE).await;
    bench.backend.want_splits(true);
    assert!(!bench.backend.splits());
    bench.backend.remember().await.unwrap();
    assert!(bench.backend.splits());
    bench.backend.arm_split(key).await.unwrap();
    let stopping = tokio::spawn(blocked(
        other,
        "INSERT INTO t SELECT 2, 0 WHERE NOT EXISTS (SELECT FROM t WHERE id = 3); UPDATE t SET n = 7 WHERE id = 1"
            .to_owned(),
    ));
    bench.until(key, &Standing::Stopped).await;
    // Others are not stopped, and what has stopped does not see what they do now.
    run(&one, "INSERT INTO t VALUES (3, 0)").await;
    bench.backend.disarm_split(key).await.unwrap();
    stopping.await.unwrap();
    assert_eq!(column(&one, "SELECT id || ':' || n FROM t ORDER BY id").await, ["1:7", "2:0", "3:0"]);
    bench.stop().await;
}

#[tokio::test]
async fn without_the_wish_nothing_is_split() {
    let mut bench = Bench::start().await;
    let (one, key) = bench.client().await;
    run(&one, TABLE).await;
    bench.backend.remember().await.unwrap();
    assert!(!bench.backend.splits());
    bench.backend.arm_split(key).await.unwrap();
    run(&one, "UPDATE t SET n = 1").await;
    assert_eq!(column(&one, "SELECT count(*) FROM pg_trigger").await, ["0"]);
    bench.stop().await;
}

#[tokio::test]
async fn the_isolation_level_is_that_of_later_connections() {
    let mut bench = Bench::start().await;
    for level in Isolation::ALL.map(Some).into_iter().chain([None]) {
        assert!(bench.backend.set_isolation(level).await.unwrap());
        let (client, _) = bench.client().await;
        let wanted = level.unwrap_or(Isolation::ReadCommitted).sql().to_lowercase();
        assert_eq!(column(&client, "SHOW transaction_isolation").await, [wanted]);
    }
    bench.stop().await;
}
