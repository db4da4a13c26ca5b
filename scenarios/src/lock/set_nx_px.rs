//! Owns the lock as it is recommended, `SET key owner NX PX`, and what it needs to be given back only by its owner.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, KEY, Lock, TTL_MS};
use super::link::Link;
use super::promises;
use crate::anomaly::{FOREIGN_RELEASE, TWO_HOLDERS};
use crate::card::{Details, per_model};

/// Removes the lock if it is the owner's.
pub(super) const DELETE_OWN: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// `SET key owner NX PX`; whether the lock was free.
pub(super) async fn set_nx_px(redis: &mut Link) -> Result<bool> {
    let owner = redis.owner();
    let mut set = redis::cmd("SET");
    set.arg(KEY).arg(owner).arg("NX").arg("PX").arg(TTL_MS);
    let answer: Option<String> = redis.send(&set).await?;
    Ok(answer.is_some())
}

/// The script above.
pub(super) async fn delete_own(redis: &mut Link) -> Result {
    let owner = redis.owner();
    let _: i64 = redis.eval(DELETE_OWN, KEY, &[&owner]).await?;
    Ok(())
}

/// The lock as it is recommended. It is a lease: whoever works longer than it lasts is not alone.
///
/// ```text
/// A                    B
/// SET NX PX -> OK
/// (pauses; the time limit passes)
///                      SET NX PX -> OK     both hold it
/// ```
struct LuaRelease;

#[async_trait(?Send)]
impl Lock for LuaRelease {
    type Hand = Link;

    fn card(&self) -> Card {
        let about = "The lock is SET with NX, PX and the owner's name, and a script deletes it if it is still the \
                     owner's. It holds as long as nobody pauses beyond the time limit and Redis forgets nothing.";
        per_model("lock/set-nx-px-lua-release", about)
            .holds_under(&["none", "crash", "lost-reply", "drop", "error", "restart"])
            .breaks_under(&["pause", "wipe", "fail-over"], TWO_HOLDERS)
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        set_nx_px(redis).await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        delete_own(redis).await
    }

    /// The resource lies in the same Redis and shares its fate, so it proves nothing about the lock.
    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// How a lease is given back that may have ended long ago. What is promised is only that nobody is given a lease while
/// another one runs, since that is all that a lease can promise to those who pause.
struct Lease {
    name: &'static str,
    about: &'static str,
    /// Whether strangers' leases stay as they are.
    is_owners_only: bool,
    source: Option<&'static str>,
    give_back: GiveBack,
}

#[derive(Clone, Copy)]
enum GiveBack {
    /// `DEL`, whosever it is.
    ///
    /// ```text
    /// A                    B                    C
    /// SET NX PX -> OK
    /// (100 ms pass)
    ///                      SET NX PX -> OK
    /// DEL -> 1
    ///                                           SET NX PX -> OK    while B's lease runs
    /// ```
    Del,
    /// `GET`, and `DEL` if it is its own.
    ///
    /// ```text
    /// A                    B                    C
    /// SET NX PX -> OK
    /// GET -> A
    /// (100 ms pass)
    ///                      SET NX PX -> OK
    /// DEL -> 1
    ///                                           SET NX PX -> OK    while B's lease runs
    /// ```
    GetCompareDel,
    /// Both in one script.
    Lua,
}

#[async_trait(?Send)]
impl Lock for Lease {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).workers(3);
        let card = self.source.into_iter().fold(card, Details::after);
        if self.is_owners_only {
            card.holds_under(&["none", "pause"])
        } else {
            card.holds_under(&["none"]).breaks_under(&["pause"], FOREIGN_RELEASE)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        set_nx_px(redis).await
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        match self.give_back {
            GiveBack::Lua => delete_own(redis).await,
            GiveBack::Del => Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?),
            GiveBack::GetCompareDel => {
                let found: Option<String> = redis.send(redis::cmd("GET").arg(KEY)).await?;
                if found.as_deref() == Some(&*redis.owner()) {
                    redis.send::<()>(redis::cmd("DEL").arg(KEY)).await?;
                }
                Ok(())
            }
        }
    }

    fn always(&self) -> Vec<Invariant> {
        vec![promises::leases_apart()]
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(LuaRelease)),
        Arc::new(Guarded(Lease {
            name: "lock/lease-del",
            about: "The lock is SET with NX and PX, and its holder deletes it without looking whose it is. A holder \
                    that was slower than the time limit deletes the lock of the next one, and a third comes in.",
            is_owners_only: false,
            source: Some("lukas-krecan/ShedLock#2583"),
            give_back: GiveBack::Del,
        })),
        Arc::new(Guarded(Lease {
            name: "lock/lease-get-compare-del",
            about: "The holder reads the lock and deletes it if it is its own. Between the two the lease ends and somebody                     else gets the lock, which is deleted under the new holder, and a third comes in.",
            is_owners_only: false,
            source: None,
            give_back: GiveBack::GetCompareDel,
        })),
        Arc::new(Guarded(Lease {
            name: "lock/lease-lua-release",
            about: "The holder runs a script that deletes the lock if it is its own. A lease that has ended is never \
                    given back in somebody else's name.",
            is_owners_only: true,
            source: Some("lukas-krecan/ShedLock#2583"),
            give_back: GiveBack::Lua,
        })),
    ]
}
