//! Owns the cache that every write also writes.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::record::{Hand, KEY, NEW, WRITE, no_stale_entry, prepare, warm};
use crate::anomaly::STALE_ENTRY;
use crate::card::{Details, broken, per_model};

/// `UPDATE`, then `SET`; two writers may do them in opposite orders.
///
/// ```text
/// A                   B
/// UPDATE 2
///                     UPDATE 3
///                     SET record 3
/// SET record 2                        the database holds 3, the cache 2
/// ```
struct WriteThrough {
    is_locked: bool,
}

#[async_trait(?Send)]
impl Scenario for WriteThrough {
    fn card(&self) -> Card {
        if self.is_locked {
            let about = "Each writer changes row and copy while it holds an advisory lock, so both see the writers in one \
                         order. If a writer dies between the two, its lock ends, and the copy is left behind.";
            per_model("cache/write-through-locked", about)
                .on_both()
                .holds_under(&["none", "pause"])
                .breaks_under(&["crash"], STALE_ENTRY)
        } else {
            let about = "Each writer changes the row and then the copy, without a lock around the two. The database may see \
                         two writers in one order and the cache in the other, and then they disagree for ever.";
            broken("cache/write-through-opposite-order", about, STALE_ENTRY).on_both()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        warm(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        let value = NEW + i64::try_from(worker.index())?;
        let write = worker.invoke(WRITE, value);
        if self.is_locked {
            hand.postgres.execute("SELECT pg_advisory_lock(1)", &[]).await?;
        }
        hand.store(value).await?;
        hand.fill(value).await?;
        if self.is_locked {
            hand.postgres.execute("SELECT pg_advisory_unlock(1)", &[]).await?;
        }
        write.ok("done");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_stale_entry(KEY)]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(WriteThrough { is_locked: false }), Arc::new(WriteThrough { is_locked: true })]
}
