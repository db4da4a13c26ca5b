//! Owns the locks that outlive their holder, because the time limit is missing, comes too late or is prolonged by others.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, KEY, Lock, TTL_MS};
use super::link::Link;
use crate::anomaly::{STRANDED_LOCK, TWO_HOLDERS};
use crate::card::{Details, per_model};

async fn setnx(redis: &mut Link) -> Result<bool> {
    let owner = redis.owner();
    Ok(redis.send(redis::cmd("SETNX").arg(KEY).arg(owner)).await?)
}

async fn del(redis: &mut Link) -> Result {
    Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?)
}

/// `SETNX` and nothing else: whoever does not come to `DEL` keeps the lock.
///
/// ```text
/// A                   B
/// SETNX -> 1
/// (crashes)
///                     SETNX -> 0, for ever
/// ```
struct NoTtl;

#[async_trait(?Send)]
impl Lock for NoTtl {
    type Hand = Link;

    fn card(&self) -> Card {
        let about = "The lock is a key that SETNX makes and DEL removes, without a time limit. A holder that crashes, \
                     or that never learns that it is the holder, keeps it for ever.";
        per_model("lock/setnx-no-ttl", about)
            .holds_under(&["none", "pause"])
            .breaks_under(&["crash", "lost-reply", "drop", "error", "restart"], STRANDED_LOCK)
            .breaks_under(&["wipe", "fail-over"], TWO_HOLDERS)
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        setnx(redis).await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        del(redis).await
    }

    /// The resource lies in the same Redis and shares its fate, so it proves nothing about the lock.
    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// The time limit is a second command.
///
/// ```text
/// A                   B
/// SETNX -> 1
/// (crashes before EXPIRE)
///                     SETNX -> 0, for ever
/// ```
struct SetnxThenExpire;

#[async_trait(?Send)]
impl Lock for SetnxThenExpire {
    type Hand = Link;

    fn card(&self) -> Card {
        let about = "The lock is made with SETNX and gets its time limit with EXPIRE, a second command. A crash \
                     between the two leaves a lock without a limit.";
        per_model("lock/setnx-then-expire", about)
            .after("laravel/horizon#1738")
            .holds_under(&["none"])
            .breaks_under(&["pause"], TWO_HOLDERS)
            .breaks_under(&["crash", "lost-reply"], STRANDED_LOCK)
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        if !setnx(redis).await? {
            return Ok(false);
        }
        let _: bool = redis.send(redis::cmd("PEXPIRE").arg(KEY).arg(TTL_MS)).await?;
        Ok(true)
    }

    async fn release(&self, redis: &mut Link) -> Result {
        del(redis).await
    }

    /// The resource lies in the same Redis and shares its fate, so it proves nothing about the lock.
    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Both commands in one transaction: atomic, but the second does not depend on the first.
///
/// ```text
/// A                              B
/// MULTI SETNX PEXPIRE EXEC -> 1
/// (crashes)
///                                MULTI SETNX PEXPIRE EXEC -> 0: another 100 ms
///                                MULTI SETNX PEXPIRE EXEC -> 0: another 100 ms …
/// ```
struct MultiSetnxExpire;

#[async_trait(?Send)]
impl Lock for MultiSetnxExpire {
    type Hand = Link;

    fn card(&self) -> Card {
        let about = "SETNX and EXPIRE are sent in one transaction, so that a crash cannot come between. EXPIRE runs also \
                     when SETNX fails, so those who wait for a dead holder's lock prolong it.";
        per_model("lock/multi-setnx-expire", about)
            .holds_under(&["none"])
            .breaks_under(&["pause", "fail-over"], TWO_HOLDERS)
            .breaks_under(&["crash", "lost-reply"], STRANDED_LOCK)
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let mut commands = redis::pipe();
        commands.cmd("SETNX").arg(KEY).arg(redis.owner());
        commands.cmd("PEXPIRE").arg(KEY).arg(TTL_MS).ignore();
        let (is_taken,): (bool,) = redis.transaction(&mut commands).await?;
        Ok(is_taken)
    }

    async fn release(&self, redis: &mut Link) -> Result {
        del(redis).await
    }

    /// The resource lies in the same Redis and shares its fate, so it proves nothing about the lock.
    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Guarded(NoTtl)), Arc::new(Guarded(SetnxThenExpire)), Arc::new(Guarded(MultiSetnxExpire))]
}
