//! Owns the counter that a backup job empties from time to time into a total.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::{LOST_UPDATE, card};

/// Worker A is the backup job; the others count.
fn is_backup(worker: &Worker) -> bool {
    worker.index() == 0
}

async fn prepare(stores: &mut SetUp) -> Result {
    Ok(stores.redis().mset(&[("hits", 5), ("total", 0)]).await?)
}

async fn count(worker: &Worker, redis: &mut MultiplexedConnection) -> Result {
    let increment = worker.invoke("increment", "");
    let hits: i64 = redis.incr("hits", 1).await?;
    increment.ok(hits);
    Ok(())
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("counter and total together hold every hit", |view: &View<'_>| {
        let expected = 5 + i64::try_from(view.count("increment")).unwrap_or(i64::MAX);
        let held = |key| view.state.integer(key).unwrap_or(0);
        match held("hits") + held("total") {
            sum if sum == expected => Ok(()),
            sum => Err(format!("{sum} hits are left of {expected}")),
        }
    })]
}

/// The backup job reads the counter, adds it to the total and sets the counter to zero.
///
/// ```text
/// A (backup)      B
/// GET hits -> 5
///                 INCR hits -> 6
/// SET hits 0                      B's hit is gone
/// INCRBY total 5
/// ```
pub(super) struct GetThenSet;

#[async_trait(?Send)]
impl Scenario for GetThenSet {
    fn card(&self) -> Card {
        let about = "A backup job reads a counter, sets it to zero and adds what it read to a total. A hit \
                     between the read and the reset is in neither.";
        card("backup-get-then-set", about, Some(LOST_UPDATE), 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if !is_backup(&worker) {
            return count(&worker, &mut redis).await;
        }
        let hits: i64 = redis.get("hits").await?;
        let () = redis.set("hits", 0).await?;
        let _: i64 = redis.incr("total", hits).await?;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The backup job takes the counter's value and resets it with one `GETSET`.
pub(super) struct Getset;

#[async_trait(?Send)]
impl Scenario for Getset {
    fn card(&self) -> Card {
        let about = "A backup job takes a counter's value and resets it with one GETSET, then adds the value to \
                     a total. Every hit is either in what was taken or in what is left (unless the job dies in between).";
        card("backup-getset", about, None, 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if !is_backup(&worker) {
            return count(&worker, &mut redis).await;
        }
        let hits: i64 = redis::cmd("GETSET").arg("hits").arg(0).query_async(&mut redis).await?;
        let _: i64 = redis.incr("total", hits).await?;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
