//! Owns the cache whose invalidations are rows, written in the transaction that makes them necessary.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::record::{Hand, KEY, NEW, WRITE, no_stale_entry, prepare, warm};
use crate::card::{Details, per_model};

/// More than there are rows.
const RELAYS_MAX: usize = 3;

/// Invalidation behind the commit that survives whoever was to send it: worker B relays, and a new relay starts in the
/// end.
///
/// ```text
/// A (writes)                   B (relays)
/// BEGIN
/// UPDATE 2
/// INSERT INTO outbox record
/// COMMIT
///                              SELECT key FROM outbox -> record
///                              DEL record
///                              DELETE FROM outbox
/// ```
pub(super) struct Outbox;

async fn relay(hand: &mut Hand) -> Result {
    for _ in 0..RELAYS_MAX {
        let waiting = hand.postgres.query_opt("SELECT id, key FROM outbox ORDER BY id LIMIT 1", &[]).await?;
        let Some(row) = waiting else { return Ok(()) };
        let (id, key): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        redis::cmd("DEL").arg(&key).exec_async(&mut hand.redis).await?;
        // Only now: who dies in between invalidates once more.
        hand.postgres.execute("DELETE FROM outbox WHERE id = $1", &[&id]).await?;
    }
    Ok(())
}

#[async_trait(?Send)]
impl Scenario for Outbox {
    fn card(&self) -> Card {
        let about = "The transaction that changes the row also inserts a row that says which copy to delete, and a relay deletes \
                     that row only when the copy is gone. Whoever dies leaves the row to the next relay.";
        let card = per_model("cache/invalidation-outbox", about).on_both();
        card.holds_under(&["none", "pause", "crash", "drop", "lost-reply"])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await?;
        warm(stores).await?;
        let table = "CREATE TABLE outbox (id bigint PRIMARY KEY, key text NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() > 0 {
            return relay(&mut hand).await;
        }
        let write = worker.invoke(WRITE, NEW);
        hand.postgres.batch_execute("BEGIN").await?;
        hand.store(NEW).await?;
        hand.postgres.execute("INSERT INTO outbox VALUES (1, $1)", &[&KEY]).await?;
        hand.postgres.batch_execute("COMMIT").await?;
        write.ok("done");
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        relay(&mut Hand::of(&worker).await?).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_stale_entry(KEY)]
    }
}
