//! Owns the cache that is written first, and whose writes reach the database later.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::{AsyncCommands, Direction};

use super::record::{Hand, KEY, NEW, READ, WRITE, prepare, warm};
use crate::anomaly::LOST_WRITE;
use crate::card::{Details, per_model};
use crate::rows;

/// How long a process gathers writes before it takes them to the database.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// Writes that no flusher has taken yet.
const WAITING: &str = "waiting";
/// Writes that a flusher has taken and not finished.
const TAKEN: &str = "taken";
/// More than there are writes.
const FLUSHES_MAX: usize = 4;

fn nothing_acknowledged_is_lost() -> Invariant {
    Invariant::new("what was acknowledged is in the database in the end", |view: &View<'_>| {
        let record = rows::sum(view, "records", "value");
        let values = view.done(WRITE).filter_map(|write| write.argument.parse::<i64>().ok());
        match values.max() {
            Some(value) if record < value => {
                Err(format!("{value} was acknowledged, and the database holds {record}: {}", view.state))
            }
            _ => Ok(()),
        }
    })
}

/// The writes wait in the process that acknowledged them.
///
/// ```text
/// A
/// SET record 2 -> OK       acknowledged
/// (gathers for 100 ms, and dies)
/// UPDATE 2                 never sent
/// ```
struct InProcess;

#[async_trait(?Send)]
impl Scenario for InProcess {
    fn card(&self) -> Card {
        let about = "A write changes the copy, is acknowledged, and waits in the process for the next flush to the database. If \
                     the process dies before, the write is in the cache until that forgets it, and nowhere else.";
        per_model("cache/write-behind-in-process", about)
            .on_both()
            .holds_under(&["none", "pause"])
            .breaks_under(&["crash"], LOST_WRITE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        warm(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() > 0 {
            let read = worker.invoke(READ, "");
            read.ok(hand.read_aside().await?);
            return Ok(());
        }
        let write = worker.invoke(WRITE, NEW);
        hand.fill(NEW).await?;
        write.ok("done");
        worker.sleep(FLUSH_EVERY).await;
        hand.store(NEW).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![nothing_acknowledged_is_lost()]
    }
}

/// The writes wait in Redis, put there together with the copy, and a flusher that dies leaves them to the next one.
///
/// ```text
/// A                                          B (flushes)
/// MULTI SET record 2, LPUSH waiting 2 EXEC
///                                            LMOVE waiting taken -> 2
///                                            UPDATE 2 … AND value < 2
///                                            LREM taken 2
/// ```
struct Queued;

/// Takes what others have left behind, then what waits.
async fn flush(hand: &mut Hand) -> Result {
    for _ in 0..FLUSHES_MAX {
        let left: Option<i64> = hand.redis.lindex(TAKEN, -1).await?;
        let taken: Option<i64> = match left {
            Some(value) => Some(value),
            None => hand.redis.lmove(WAITING, TAKEN, Direction::Right, Direction::Left).await?,
        };
        let Some(value) = taken else { return Ok(()) };
        // An older write that comes late changes nothing.
        let update = "UPDATE records SET value = $1 WHERE id = 1 AND value < $1";
        hand.postgres.execute(update, &[&value]).await?;
        let _: i64 = hand.redis.lrem(TAKEN, 1, value).await?;
    }
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for Queued {
    fn card(&self) -> Card {
        let about = "One transaction changes the copy and puts the write into a list, from which a flusher takes it to the \
                     database before it removes it. Whoever dies leaves the list to the next flusher, unless Redis forgets it.";
        per_model("cache/write-behind-queued", about)
            .on_both()
            .holds_under(&["none", "pause", "crash", "drop", "lost-reply", "restart"])
            .breaks_under(&["wipe", "fail-over"], LOST_WRITE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        warm(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() > 0 {
            return flush(&mut hand).await;
        }
        let write = worker.invoke(WRITE, NEW);
        let mut both = redis::pipe();
        both.atomic().set(KEY, NEW).lpush(WAITING, NEW).exec_async(&mut hand.redis).await?;
        write.ok("done");
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The flusher of the process that is started in place of a dead one.
    async fn aftermath(&self, worker: Worker) -> Result {
        flush(&mut Hand::of(&worker).await?).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![nothing_acknowledged_is_lost()]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(InProcess), Arc::new(Queued)]
}
