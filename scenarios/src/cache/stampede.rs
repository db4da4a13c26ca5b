//! Owns the value that is expensive to compute, and who computes it when the cache has none.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use tokio::sync::OnceCell;

use super::record::{Hand, KEY, READ, prepare};
use crate::anomaly::STAMPEDE;
use crate::card::{Details, broken, correct, per_model};

const COPY_S: u64 = 3_600;
const FLIGHT: &str = "flight";
/// How long a computation may take before somebody else starts it.
const FLIGHT_MS: u64 = 100;
/// How long it takes.
const WORK: Duration = Duration::from_millis(50);
/// How long somebody waits for another one's result before looking again.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// Longer than a flight that was given up, in all.
const LOOKS_MAX: usize = 5;
const LOAD: &str = "load";
const LAND: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Who computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flight {
    /// Everybody who misses.
    ///
    /// ```text
    /// A                       B
    /// GET record -> nil
    ///                         GET record -> nil
    /// SELECT (expensive)
    ///                         SELECT (expensive)
    /// SET record NX -> OK     SET record NX -> nil
    /// ```
    Everybody,
    /// Whoever takes the lock of the key; the others look again.
    ///
    /// ```text
    /// A                            B
    /// SET flight A NX PX -> OK
    ///                              SET flight B NX PX -> nil
    /// SELECT (expensive)           (waits)
    /// SET record, DEL flight       GET record -> 1
    /// ```
    LockPerKey,
    /// The first in this process; the others wait for it.
    InProcess,
}

struct Expensive {
    flight: Flight,
}

/// The work that should be done once.
async fn compute(worker: &Worker, hand: &Hand) -> Result<i64> {
    let load = worker.invoke(LOAD, "");
    let value = hand.load().await?;
    worker.sleep(WORK).await;
    load.ok(value);
    Ok(value)
}

async fn for_everybody(worker: &Worker, hand: &mut Hand) -> Result<i64> {
    if let Some(value) = hand.cached().await? {
        return Ok(value);
    }
    let value = compute(worker, hand).await?;
    let mut set = redis::cmd("SET");
    set.arg(KEY).arg(value).arg("NX").arg("EX").arg(COPY_S).exec_async(&mut hand.redis).await?;
    Ok(value)
}

async fn for_whoever_locks(worker: &Worker, hand: &mut Hand) -> Result<i64> {
    let owner = worker.id().to_string();
    for _ in 0..LOOKS_MAX {
        if let Some(value) = hand.cached().await? {
            return Ok(value);
        }
        let mut lock = redis::cmd("SET");
        lock.arg(FLIGHT).arg(&owner).arg("NX").arg("PX").arg(FLIGHT_MS);
        let taken: Option<String> = lock.query_async(&mut hand.redis).await?;
        if taken.is_none() {
            worker.sleep(LOOK_EVERY).await;
            continue;
        }
        // Somebody may have landed between the look and the lock.
        let value = match hand.cached().await? {
            Some(value) => value,
            None => {
                let value = compute(worker, hand).await?;
                let () = hand.redis.set_ex(KEY, value, COPY_S).await?;
                value
            }
        };
        let _: i64 = hand.eval(LAND, &[FLIGHT], std::slice::from_ref(&owner)).await?;
        return Ok(value);
    }
    // Rather a second computation than no answer.
    compute(worker, hand).await
}

#[async_trait(?Send)]
impl Scenario for Expensive {
    fn card(&self) -> Card {
        let card = match self.flight {
            Flight::Everybody => {
                let about = "Whoever misses computes the value and sets it with SET NX. NX keeps the second one from writing, \
                             and nothing keeps it from the work.";
                broken("cache/stampede", about, STAMPEDE)
            }
            Flight::LockPerKey => {
                let about = "Whoever misses takes a lock of that key, looks again and computes, and the others wait for the \
                             result. A worker that dies delays the others once, and one that outlives its lock is joined by a second.";
                per_model("cache/single-flight-lock", about)
                    .holds_under(&["none", "crash"])
                    .breaks_under(&["pause"], STAMPEDE)
            }
            Flight::InProcess => {
                let about = "All requests of a process that miss wait for the first one's computation. However long it takes, \
                             a process computes once.";
                correct("cache/single-flight-process", about).workers(3)
            }
        };
        card.on_both().after("omegaup/omegaup#8962")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        let read = worker.invoke(READ, "");
        let value = match self.flight {
            Flight::Everybody => for_everybody(&worker, &mut hand).await?,
            Flight::LockPerKey => for_whoever_locks(&worker, &mut hand).await?,
            Flight::InProcess => {
                let cell = worker.shared(OnceCell::<i64>::new);
                *cell.get_or_try_init(|| for_everybody(&worker, &mut hand)).await?
            }
        };
        read.ok(value);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "what is missing is computed once, and once more for each worker that died";
        vec![Invariant::new(promise, |view: &View<'_>| match view.count(LOAD) {
            loads if loads <= 1 + view.crashed.len() => Ok(()),
            loads => Err(format!("it was computed {loads} times; {} died", view.crashed.len())),
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let of = |flight| -> Arc<dyn Scenario> { Arc::new(Expensive { flight }) };
    vec![of(Flight::Everybody), of(Flight::LockPerKey), of(Flight::InProcess)]
}
