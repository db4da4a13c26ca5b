//! Owns the two readers that fill the same key, one with what it read before a change and one with what it read after it.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::record::{Hand, KEY, NEW, WRITE, prepare};
use crate::anomaly::STALE_ENTRY;
use crate::card::{Details, broken, correct};

const COPY_S: u64 = 60;
/// The operation of whoever misses and fills; its result is what it has filled in.
const FILL: &str = "fill";
const SOURCE: &str = "aio-libs/aiocache#95";

/// A and B miss and fill; C changes the record, and tells no cache.
///
/// ```text
/// A                     B                     C
/// GET record -> nil     GET record -> nil
/// SELECT -> 1
///                                             UPDATE 2
///                       SELECT -> 2
///                       SET record 2
/// SET record 1                                      the cache goes back
/// ```
struct TwoFillers {
    watches: bool,
}

impl TwoFillers {
    /// Fills the copy in; whether it did.
    async fn fill(&self, hand: &mut Hand, value: i64) -> Result<bool> {
        if !self.watches {
            let () = hand.redis.set_ex(KEY, value, COPY_S).await?;
            return Ok(true);
        }
        let mut set = redis::pipe();
        let set: Option<((),)> = set.atomic().set_ex(KEY, value, COPY_S).query_async(&mut hand.redis).await?;
        Ok(set.is_some())
    }
}

#[async_trait(?Send)]
impl Scenario for TwoFillers {
    fn card(&self) -> Card {
        let card = if self.watches {
            let about = "Each reader watches the key, misses, reads the row and fills it in with MULTI and EXEC. Where somebody \
                         has filled in between, EXEC is refused, so an older value never replaces a newer one.";
            correct("cache/watched-fill", about)
        } else {
            let about = "Two readers miss, the row changes between their reads, and each sets the copy to what it read. The one \
                         with the older value may set it last, and the cache goes back in time.";
            broken("cache/older-fill-wins", about, STALE_ENTRY)
        };
        card.on_both().workers(3).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 2 {
            let postgres = worker.postgres().await?;
            let write = worker.invoke(WRITE, NEW);
            postgres.execute("UPDATE records SET value = $1 WHERE id = 1", &[&NEW]).await?;
            write.ok("done");
            return Ok(());
        }
        let mut hand = Hand::of(&worker).await?;
        let fill = worker.invoke(FILL, "");
        if self.watches {
            redis::cmd("WATCH").arg(KEY).exec_async(&mut hand.redis).await?;
        }
        if hand.cached().await?.is_some() {
            fill.refused("there is a copy");
            return Ok(());
        }
        let value = hand.load().await?;
        if self.fill(&mut hand, value).await? {
            fill.ok(value);
        } else {
            fill.refused("somebody was faster");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "the cache never goes back to an older value than has been filled in";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let filled = view.results(FILL).into_iter().filter_map(|value| value.parse::<i64>().ok()).max();
            match (view.state.integer(KEY), filled) {
                (Some(copy), Some(filled)) if copy < filled => {
                    Err(format!("the cache holds {copy}, and somebody has filled in {filled}"))
                }
                _ => Ok(()),
            }
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(TwoFillers { watches: false }), Arc::new(TwoFillers { watches: true })]
}
