//! Owns the caches whose copies are deleted at a write: before it, after it, in the middle of its transaction, and twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Scenario, Worker};

use super::aside::{Aside, ReadAndWritten};
use super::record::{Hand, KEY, NEW};
use crate::anomaly::{LOST_INVALIDATION, STALE_ENTRY};
use crate::card::{Details, broken, per_model};

/// How long the second of two deletions waits: longer than a read takes, one hopes.
const DELAY: Duration = Duration::from_millis(500);

/// `DEL`, then `UPDATE`.
///
/// ```text
/// A (writes)          B (reads)
/// DEL record
///                     GET record -> nil
///                     SELECT -> 1
///                     SET record 1
/// UPDATE 2                                the copy stays 1
/// ```
struct BeforeWrite;

#[async_trait(?Send)]
impl Aside for BeforeWrite {
    fn card(&self) -> Card {
        let about = "The writer deletes the copy in Redis and changes the row afterwards. A reader in between finds no copy, \
                     reads the old row and caches it again.";
        broken("cache/delete-before-write", about, STALE_ENTRY).on_both().after("apache/gravitino#10740")
    }

    fn is_warm(&self) -> bool {
        true
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.invalidate().await?;
        hand.store(NEW).await
    }
}

/// `UPDATE`, then `DEL`: right for whoever reads afterwards, too early for whoever has read before.
///
/// ```text
/// A (writes)          B (reads)
///                     GET record -> nil
///                     SELECT -> 1
/// UPDATE 2
/// DEL record -> 0
///                     SET record 1        the copy stays 1
/// ```
struct AfterWrite;

#[async_trait(?Send)]
impl Aside for AfterWrite {
    fn card(&self) -> Card {
        let about = "The writer changes the row and deletes the copy afterwards. A reader that missed and read the row before \
                     fills its old value in when the deletion is long over.";
        broken("cache/write-then-delete", about, STALE_ENTRY).on_both().after("Shopify/identity_cache#154")
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.store(NEW).await?;
        Ok(hand.invalidate().await?)
    }
}

/// `DEL` where the code stands that changes the row, and `COMMIT` later.
///
/// ```text
/// A (writes)          B (reads)
/// BEGIN
/// UPDATE 2
/// DEL record
///                     GET record -> nil
///                     SELECT -> 1         not committed yet
///                     SET record 1
/// COMMIT                                  the copy stays 1
/// ```
struct InTransaction;

#[async_trait(?Send)]
impl Aside for InTransaction {
    fn card(&self) -> Card {
        let about = "The writer changes the row and deletes the copy in one transaction, which commits afterwards. A reader \
                     in between reads the row as it was before the transaction and caches it.";
        let card = broken("cache/invalidate-in-transaction", about, STALE_ENTRY);
        card.on_both().after("raphaelm/django-hierarkey#22")
    }

    fn is_warm(&self) -> bool {
        true
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.postgres.batch_execute("BEGIN").await?;
        hand.store(NEW).await?;
        hand.invalidate().await?;
        Ok(hand.postgres.batch_execute("COMMIT").await?)
    }
}

/// The fix of that: `DEL` behind `COMMIT`. The copy that is there at the start shields the row from readers until it is
/// deleted, and who misses afterwards reads the new row. Nobody deletes it if the writer dies in between.
struct AfterCommit;

#[async_trait(?Send)]
impl Aside for AfterCommit {
    fn card(&self) -> Card {
        let about = "The writer commits the row and deletes the copy afterwards, as a hook behind the commit does. Readers that \
                     find the copy gone read the new row, but if the writer dies in between, nobody deletes the copy.";
        per_model("cache/delete-after-commit", about)
            .on_both()
            .holds_under(&["none", "pause"])
            .breaks_under(&["crash", "drop"], LOST_INVALIDATION)
            .after("raphaelm/django-hierarkey#22")
    }

    fn is_warm(&self) -> bool {
        true
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.postgres.batch_execute("BEGIN").await?;
        hand.store(NEW).await?;
        hand.postgres.batch_execute("COMMIT").await?;
        Ok(hand.invalidate().await?)
    }
}

/// `DEL`, `UPDATE`, and `DEL` again when whoever read the old row must have filled it in.
///
/// ```text
/// A (writes)          B (reads)
/// DEL record
///                     GET record -> nil
///                     SELECT -> 1
/// UPDATE 2
/// (500 ms pass)
/// DEL record          (is still pausing)
///                     SET record 1        the copy stays 1
/// ```
struct Twice;

#[async_trait(?Send)]
impl Aside for Twice {
    fn card(&self) -> Card {
        let about = "The writer deletes the copy, changes the row, and deletes the copy again after half a second. That removes \
                     what slow readers have filled in, unless one is slower still or the writer dies before.";
        per_model("cache/delayed-double-delete", about)
            .on_both()
            .holds_under(&["none"])
            .breaks_under(&["pause", "crash"], STALE_ENTRY)
    }

    fn is_warm(&self) -> bool {
        true
    }

    async fn write(&self, worker: &Worker, hand: &mut Hand) -> Result {
        hand.invalidate().await?;
        hand.store(NEW).await?;
        worker.sleep(DELAY).await;
        Ok(hand.invalidate().await?)
    }
}

/// The write leaves a marker that says "changed just now", and a reader fills only where there is nothing at all.
///
/// ```text
/// A (writes)                    B (reads)
///                               GET record -> nil
///                               SELECT -> 1
/// UPDATE 2
/// SET record changed PX 10000
/// (10 s pass)
///                               SET record 1 NX -> OK    the marker is gone
/// ```
struct Marker;

const CHANGED: &str = "changed";
const MARKER_MS: u64 = 10_000;

#[async_trait(?Send)]
impl Aside for Marker {
    fn card(&self) -> Card {
        let about = "The writer replaces the copy by a marker that lasts ten seconds, and readers fill with SET NX, which the \
                     marker refuses. Whoever is slower than the marker fills in what it has read before the write.";
        per_model("cache/deletion-marker", about)
            .on_both()
            .holds_under(&["none"])
            .breaks_under(&["pause"], STALE_ENTRY)
            .after("Shopify/identity_cache#154")
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.store(NEW).await?;
        let mut set = redis::cmd("SET");
        Ok(set.arg(KEY).arg(CHANGED).arg("PX").arg(MARKER_MS).exec_async(&mut hand.redis).await?)
    }

    /// Where there is a marker, the row is read and no copy left.
    async fn read(&self, hand: &mut Hand) -> Result<i64> {
        let found: Option<String> = redis::cmd("GET").arg(KEY).query_async(&mut hand.redis).await?;
        if let Some(value) = found.as_ref().and_then(|found| found.parse().ok()) {
            return Ok(value);
        }
        let value = hand.load().await?;
        if found.is_none() {
            let mut set = redis::cmd("SET");
            set.arg(KEY).arg(value).arg("NX").exec_async(&mut hand.redis).await?;
        }
        Ok(value)
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(ReadAndWritten(BeforeWrite)),
        Arc::new(ReadAndWritten(AfterWrite)),
        Arc::new(ReadAndWritten(Marker)),
        Arc::new(ReadAndWritten(InTransaction)),
        Arc::new(ReadAndWritten(AfterCommit)),
        Arc::new(ReadAndWritten(Twice)),
    ]
}
