//! Owns the ids that several clients take from Redis, from one server or from two.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::store::redis::NAMES;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::{AsyncCommands, RedisResult};

use super::promise::{TAKE, no_id_twice};
use crate::anomaly::{LOST_UPDATE, REPEATED_ID};
use crate::card::{Details, broken, correct, per_model};

/// Reads the highest id and adds one.
///
/// ```text
/// A                    B
/// highest order -> 7
///                      highest order -> 7
/// ZADD orders 8        ZADD orders 8        two orders called 8
/// ```
struct MaxPlusOne;

#[async_trait(?Send)]
impl Scenario for MaxPlusOne {
    fn card(&self) -> Card {
        let about = "Each worker reads the highest id so far and takes the next one. Two that read the same \
                     highest id take the same next one.";
        broken("unique-id/highest-plus-one-redis", about, LOST_UPDATE).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let _: i64 = stores.redis().zadd("orders", "7", 7).await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let take = worker.invoke(TAKE, "");
        let highest: Vec<i64> = redis.zrevrange("orders", 0, 0).await?;
        let id = highest.first().copied().unwrap_or(0) + 1;
        let _: i64 = redis.zadd("orders", id.to_string(), id).await?;
        take.ok(id);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_id_twice()]
    }
}

/// Takes ids with INCR, each over a connection of its own as several instances of a service would. An id whose request is not
/// answered is not used.
///
/// ```text
/// A                      Redis, without persistence
/// INCR id -> 1
///                        is restarted, empty
/// INCR id -> 1           two orders called 1
/// ```
struct Incr;

/// How many ids a worker takes.
const IDS: usize = 2;

#[async_trait(?Send)]
impl Scenario for Incr {
    fn card(&self) -> Card {
        let about = "Each worker takes ids with INCR. Whatever the order Redis gives each number once, until it comes back \
                     without its data or as a replica that has missed some, and begins again.";
        per_model("unique-id/incr", about)
            .holds_under(&["none", "crash", "lost-reply", "restart"])
            .breaks_under(&["wipe", "fail-over"], REPEATED_ID)
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        for _ in 0..IDS {
            let mut redis = worker.redis().await?;
            let take = worker.invoke(TAKE, "");
            let id: RedisResult<i64> = redis.incr("order-id", 1).await;
            match id {
                Ok(id) => take.ok(id),
                Err(error) => take.unknown(error),
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_id_twice()]
    }
}

/// Takes ids from one of two servers, so that there are ids when one of them is down.
struct TwoServers {
    /// Whether each server gives every second number: the first the odd ones, the other the even ones.
    has_offsets: bool,
}

#[async_trait(?Send)]
impl Scenario for TwoServers {
    fn card(&self) -> Card {
        let card = if self.has_offsets {
            let about = "Each worker takes ids from one of two servers with INCRBY 2, and the servers start one apart. One gives the odd \
                         numbers and the other the even ones, so they need not know of each other.";
            correct("unique-id/two-servers-offset", about).workers(3)
        } else {
            let about = "Each worker takes ids with INCR from one of two servers. Both begin with 1, and nobody tells them \
                         apart.";
            broken("unique-id/two-servers", about, REPEATED_ID)
        };
        card.on(&NAMES[..2])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        for (server, start) in NAMES.into_iter().zip(if self.has_offsets { [-1, 0] } else { [0, 0] }) {
            let () = stores.redis_at(server).set("order-id", start).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis_at(NAMES[worker.index() % 2]).await?;
        for _ in 0..IDS {
            let take = worker.invoke(TAKE, "");
            let id: i64 = redis.incr("order-id", if self.has_offsets { 2 } else { 1 }).await?;
            take.ok(id);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_id_twice()]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(MaxPlusOne),
        Arc::new(Incr),
        Arc::new(TwoServers { has_offsets: false }),
        Arc::new(TwoServers { has_offsets: true }),
    ]
}
