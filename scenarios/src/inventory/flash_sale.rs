//! Owns the flash sale on Redis: stock in a number, buyers in a set, one unit per user.

use std::collections::BTreeSet;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::{ABORTED_READ, CHECK_THEN_ACT};
use crate::card::{Details, broken, correct};
use crate::operations::done;

const UNITS: i64 = 2;
const STOCK_AND_BUYER: &str = "
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 'one per user' end
if tonumber(redis.call('GET', KEYS[1])) < 1 then return 'sold out' end
redis.call('DECR', KEYS[1])
redis.call('SADD', KEYS[2], ARGV[1])
return 'sold'
";
const STOCK_ONLY: &str = "
if tonumber(redis.call('GET', KEYS[1])) < 1 then return 'sold out' end
redis.call('DECR', KEYS[1])
return 'sold'
";

/// Ann clicks twice, as workers A and B; everybody else is Bob.
fn user(worker: &Worker) -> &'static str {
    if worker.index() < 2 { "ann" } else { "bob" }
}

async fn prepare(stores: &mut SetUp) -> Result {
    Ok(stores.redis().set("stock", UNITS).await?)
}

fn every_unit_is_sold_or_in_stock() -> Invariant {
    Invariant::new("every unit is either sold or in stock", |view: &View<'_>| {
        match (done(view, "buy"), view.state.integer("stock")) {
            (sold, Some(left)) if sold + left == UNITS => Ok(()),
            (sold, left) => Err(format!("{sold} sold and {left:?} in stock of {UNITS}")),
        }
    })
}

fn one_per_user() -> Invariant {
    Invariant::new("each user buys once", |view: &View<'_>| {
        let mut seen = BTreeSet::new();
        let twice = view.done("buy").map(|buy| buy.argument.as_str()).find(|user| !seen.insert(*user));
        twice.map_or(Ok(()), |user| Err(format!("{user} bought more than once; {}", view.state)))
    })
}

/// The unit is taken before anybody looks whether the user already has one, and not given back.
///
/// ```text
/// A (Ann, who has one)        B (Ann again)            C (Bob)
/// DECR stock -> 1
/// SISMEMBER buyers -> 1
///                             DECR stock -> 0
///                             SISMEMBER buyers -> 1
///                                                      DECR stock -> -1   sold out, 2 unsold
/// ```
pub(super) struct DecrBeforeDuplicateCheck;

#[async_trait(?Send)]
impl Scenario for DecrBeforeDuplicateCheck {
    fn card(&self) -> Card {
        let about = "Each click takes a unit with DECR and only then asks whether the user has bought before. A user's \
                     further clicks are refused, but what they took is not given back.";
        let card = broken("inventory/seckill-decr-before-duplicate-check", about, ABORTED_READ);
        card.on_redis().workers(3).after("zaiyunduan123/springboot-seckill#35")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        let _: i64 = stores.redis().sadd("buyers", "ann").await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", user(&worker));
        let left: i64 = redis.decr("stock", 1).await?;
        if left < 0 {
            let _: i64 = redis.incr("stock", 1).await?;
            buy.refused("sold out");
            return Ok(());
        }
        if redis.sismember("buyers", user(&worker)).await? {
            buy.refused("one per user");
            return Ok(());
        }
        let _: i64 = redis.sadd("buyers", user(&worker)).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![every_unit_is_sold_or_in_stock()]
    }
}

/// Buyer and stock are checked and written by one script.
pub(super) struct Lua;

#[async_trait(?Send)]
impl Scenario for Lua {
    fn card(&self) -> Card {
        let about = "Each click runs a script that looks for the user among the buyers, looks at the stock, and writes \
                     both. Redis runs a script as a whole, so a second click finds the first.";
        correct("inventory/flash-sale-lua", about).on_redis().workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", user(&worker));
        let mut eval = redis::cmd("EVAL");
        eval.arg(STOCK_AND_BUYER).arg(2).arg("stock").arg("buyers").arg(user(&worker));
        let answer: String = eval.query_async(&mut redis).await?;
        if answer == "sold" {
            buy.ok(answer);
        } else {
            buy.refused(answer);
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![one_per_user(), every_unit_is_sold_or_in_stock()]
    }
}

/// The script guards the stock, but the set of buyers is read before it and written after it.
///
/// ```text
/// A (Ann)                   B (Ann again)
/// SISMEMBER buyers -> 0
///                           SISMEMBER buyers -> 0
/// EVAL -> sold
///                           EVAL -> sold             Ann has two
/// SADD buyers ann           SADD buyers ann
/// ```
pub(super) struct BuyerOutside;

#[async_trait(?Send)]
impl Scenario for BuyerOutside {
    fn card(&self) -> Card {
        let about = "Each click looks for the user among the buyers, takes a unit by script, and adds the user. The \
                     stock is never oversold, but a user's two clicks both find no earlier purchase.";
        broken("inventory/flash-sale-buyer-outside", about, CHECK_THEN_ACT).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", user(&worker));
        if redis.sismember("buyers", user(&worker)).await? {
            buy.refused("one per user");
            return Ok(());
        }
        let mut eval = redis::cmd("EVAL");
        let answer: String = eval.arg(STOCK_ONLY).arg(1).arg("stock").query_async(&mut redis).await?;
        if answer != "sold" {
            buy.refused(answer);
            return Ok(());
        }
        let _: i64 = redis.sadd("buyers", user(&worker)).await?;
        buy.ok(answer);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![every_unit_is_sold_or_in_stock(), one_per_user()]
    }
}
