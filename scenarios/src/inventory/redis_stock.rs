//! Owns the stock that lives in Redis: checked, decremented, given back, and kept by a script.

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::{ABORTED_READ, CHECK_THEN_ACT, LOST_UPDATE};
use crate::card::{Details, broken, correct};
use crate::operations::done;

const UNITS: i64 = 1;
const SCRIPT: &str = "
if tonumber(redis.call('GET', KEYS[1])) < 1 then return -1 end
return redis.call('DECR', KEYS[1])
";

async fn prepare(stores: &mut SetUp) -> Result {
    Ok(stores.redis().set("stock", UNITS).await?)
}

fn promises() -> Vec<Invariant> {
    vec![
        Invariant::new("no more is sold than there was", |view: &View<'_>| match done(view, "buy") {
            sold if sold <= UNITS => Ok(()),
            sold => {
                Err(format!("{sold} buyers were promised one of {UNITS}; the stores hold {}", view.state))
            }
        }),
        Invariant::new("every unit is either sold or in stock", |view: &View<'_>| {
            match (done(view, "buy"), view.state.integer("stock")) {
                (sold, Some(left)) if sold + left == UNITS => Ok(()),
                (sold, left) => Err(format!("{sold} sold and {left:?} in stock of {UNITS}")),
            }
        }),
    ]
}

/// `GET`, compare, `DECR`: both see the last unit.
///
/// ```text
/// A               B
/// GET -> 1
///                 GET -> 1
/// DECR -> 0
///                 DECR -> -1    two sold
/// ```
pub(super) struct CheckThenDecr;

#[async_trait(?Send)]
impl Scenario for CheckThenDecr {
    fn card(&self) -> Card {
        let about = "Each buyer reads the stock from Redis and sends DECR if there is some. DECR is atomic, but what \
                     was read before it is not part of it.";
        broken("inventory/redis-check-then-decr", about, CHECK_THEN_ACT).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", "");
        let stock: i64 = redis.get("stock").await?;
        if stock < 1 {
            buy.refused("sold out");
            return Ok(());
        }
        let _: i64 = redis.decr("stock", 1).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// `DECR`, and nobody looks at the answer.
///
/// ```text
/// A               B
/// DECR -> 0
///                 DECR -> -1    sold all the same
/// ```
pub(super) struct DecrBelowZero;

#[async_trait(?Send)]
impl Scenario for DecrBelowZero {
    fn card(&self) -> Card {
        let about = "Each buyer sends DECR and takes that it did not fail for a sale. DECR knows no lower bound: it \
                     answers -1 as readily as 1.";
        broken("inventory/redis-decr-below-zero", about, LOST_UPDATE).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", "");
        let _: i64 = redis.decr("stock", 1).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// Takes first and gives back what was too much: meanwhile the others see less than there is.
///
/// ```text
/// A (wants 3 of 2)       B (wants 2 of 2)
/// DECRBY 3 -> -1
///                        DECRBY 2 -> -3    refused
/// INCRBY 3               INCRBY 2          two in stock, nobody got them
/// ```
pub(super) struct DecrCompensate;

/// How many units the worker's buyer wants of [`STRANDED`]: A one more than there is, the others all.
fn wanted(worker: &Worker) -> i64 {
    if worker.index() == 0 { STRANDED + 1 } else { STRANDED }
}

const STRANDED: i64 = 2;

fn was_refused(operation: &Operation) -> bool {
    operation.name == "buy" && matches!(operation.end, OperationEnd::Refused(_))
}

#[async_trait(?Send)]
impl Scenario for DecrCompensate {
    fn card(&self) -> Card {
        let about = "Each buyer takes a quantity with DECRBY and gives it back if the result is below zero. Whoever \
                     comes in between is refused because of units that nobody bought.";
        broken("inventory/redis-decr-compensate", about, ABORTED_READ).on_redis()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("stock", STRANDED).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let quantity = wanted(&worker);
        let buy = worker.invoke("buy", quantity);
        let left: i64 = redis.decr("stock", quantity).await?;
        if left >= 0 {
            buy.ok("sold");
            return Ok(());
        }
        let _: i64 = redis.incr("stock", quantity).await?;
        buy.refused("sold out");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("nobody is refused what is still in stock", |view: &View<'_>| {
            let left = view.state.integer("stock").unwrap_or(0);
            let could = |buy: &&Operation| buy.argument.parse::<i64>().is_ok_and(|wanted| wanted <= left);
            let refused = view.operations.iter().filter(|buy| was_refused(buy)).find(could);
            refused.map_or(Ok(()), |buy| {
                Err(format!("{left} are in stock, and {} was refused {}", buy.worker, buy.argument))
            })
        })]
    }
}

/// Check and `DECR` in one script, which Redis runs as a whole.
pub(super) struct Lua;

#[async_trait(?Send)]
impl Scenario for Lua {
    fn card(&self) -> Card {
        let about = "Each buyer runs a script that refuses if the stock is used up and sends DECR otherwise. Redis \
                     runs a script as a whole, so the check and the decrement cannot be separated.";
        correct("inventory/redis-lua", about).on_redis().workers(3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let buy = worker.invoke("buy", "");
        let mut eval = redis::cmd("EVAL");
        let left: i64 = eval.arg(SCRIPT).arg(1).arg("stock").query_async(&mut redis).await?;
        if left < 0 {
            buy.refused("sold out");
        } else {
            buy.ok("sold");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
