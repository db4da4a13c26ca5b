//! Owns the ids that several clients take from one sequence.

use std::collections::BTreeSet;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::{LOST_UPDATE, card};

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("no id is given twice", |view: &View<'_>| {
        let mut seen = BTreeSet::new();
        let twice = view.results("take-id").into_iter().find(|id| !seen.insert(*id));
        twice.map_or(Ok(()), |id| Err(format!("id {id} was given twice")))
    })]
}

/// Reads the highest id and adds one.
///
/// ```text
/// A                    B
/// highest order -> 7
///                      highest order -> 7
/// ZADD orders 8        ZADD orders 8        two orders called 8
/// ```
pub(super) struct MaxPlusOne;

#[async_trait(?Send)]
impl Scenario for MaxPlusOne {
    fn card(&self) -> Card {
        let about = "Each worker reads the highest id so far and takes the next one. Two that read the same \
                     highest id take the same next one.";
        card("unique-id-max-plus-one", about, Some(LOST_UPDATE), 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let _: i64 = stores.redis().zadd("orders", "7", 7).await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let take = worker.invoke("take-id", "");
        let highest: Vec<i64> = redis.zrevrange("orders", 0, 0).await?;
        let id = highest.first().copied().unwrap_or(0) + 1;
        let _: i64 = redis.zadd("orders", id.to_string(), id).await?;
        take.ok(id);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// Takes ids with INCR, over two connections per worker as two instances of a service would.
pub(super) struct IncrPerClient;

#[async_trait(?Send)]
impl Scenario for IncrPerClient {
    fn card(&self) -> Card {
        let about = "Each worker takes ids with INCR over two connections. Whatever the order, Redis gives each \
                     number once.";
        card("unique-id-incr", about, None, 3)
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        for _ in 0..2 {
            let mut redis = worker.redis().await?;
            let take = worker.invoke("take-id", "");
            let id: i64 = redis.incr("order-id", 1).await?;
            take.ok(id);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
