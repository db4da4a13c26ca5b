//! Owns the lock that its holder may take again: a hash with a count for the owner.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::Datum;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario, View};

use super::guarded::{Guarded, KEY, Lock, TTL_MS};
use super::link::Link;
use super::promises::{self, held};
use crate::anomaly::{LOST_REENTRANCY, TWO_HOLDERS};
use crate::card::{Details, per_model};

/// Counts one up for the owner, if nobody else has it.
const TAKE: &str = "
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
";
/// Counts one down for the owner, and deletes the lock when it has been given back as often as taken.
const GIVE_BACK: &str = "
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) <= 0 then redis.call('DEL', KEYS[1]) end
return 1
";
/// Deletes the lock if it is the owner's, however often that has taken it.
const GIVE_UP: &str = "
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call('DEL', KEYS[1])
";

/// Taken twice, given back once, worked, given back.
///
/// ```text
/// A                       B
/// take -> 1 (count 1)
/// take -> 1 (count 2)
/// give back: DEL
///                         take -> 1
/// GET, SET                GET, SET      both are in the section
/// ```
struct Reentrant {
    counts: bool,
}

#[async_trait(?Send)]
impl Lock for Reentrant {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.counts {
            let about = "Scripts count in a hash how often the holder has taken the lock, and delete it when it has been \
                         given back as often. What an inner section gives back is still held by the outer one.";
            per_model("lock/reentrant-counted", about)
                .holds_under(&["none", "crash"])
                .breaks_under(&["pause"], TWO_HOLDERS)
        } else {
            let about = "Scripts count how often the holder has taken the lock, but the first release deletes it. The \
                         rest of the outer section runs without a lock.";
            per_model("lock/reentrant-deleted-at-first", about)
                .breaks_under(&["none", "pause"], LOST_REENTRANCY)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let (owner, ttl) = (redis.owner(), TTL_MS.to_string());
        Ok(redis.eval(TAKE, KEY, &[&owner, &ttl]).await?)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        if !self.acquire(redis).await? {
            return Ok(false);
        }
        self.release(redis).await?;
        redis.increment().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        let owner = redis.owner();
        let script = if self.counts { GIVE_BACK } else { GIVE_UP };
        let _: i64 = redis.eval(script, KEY, &[&owner]).await?;
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        vec![promises::mutual_exclusion(), counts_its_holder()]
    }
}

/// Who holds the lock is counted at least once in it.
fn counts_its_holder() -> Invariant {
    Invariant::new("the lock counts its holder as long as it is held", |view: &View<'_>| {
        let count = |owner: &str| match view.state.get(KEY).map(Datum::lasting) {
            Some(Datum::Map(counts)) => counts.get(owner).and_then(|count| count.parse().ok()).unwrap_or(0),
            _ => 0,
        };
        match held(view).iter().find(|hold| count(&hold.worker.to_string()) < 1) {
            Some(hold) => Err(format!("{} holds it, and the stores hold {}", hold.worker, view.state)),
            None => Ok(()),
        }
    })
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Guarded(Reentrant { counts: false })), Arc::new(Guarded(Reentrant { counts: true }))]
}
