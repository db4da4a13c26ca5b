//! Owns the locks that are held longer than they last, and prolonged meanwhile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, HOLD, Hand, KEY, Lock, TTL_MS, held_as};
use super::link::Link;
use super::promises;
use super::set_nx_px::{delete_own, set_nx_px};
use crate::anomaly::TWO_HOLDERS;
use crate::card::{Details, per_model};

/// How long a holder works at a time; it could renew after each.
const SLICE: Duration = Duration::from_millis(40);
/// When somebody who found the lock taken tries once more: later than a lease lasts, earlier than the work is done.
const LATER: Duration = Duration::from_millis(120);
/// Prolongs the lock if it is the owner's.
const PROLONG_OWN: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Renews {
    /// Never.
    Never,
    /// Until a renewal fails.
    UntilFailure,
    /// Also after one that has failed.
    Always,
}

/// Work of 160 ms under a lock of 100 ms.
///
/// ```text
///  0 ms  A: SET NX PX 100 -> OK            B: SET NX PX 100 -> nil
/// 40 ms  A: renewal -> (connection lost)   A renews no more
/// 120 ms                                   B: SET NX PX 100 -> OK    A works until 160 ms
/// ```
struct LongWork {
    name: &'static str,
    about: &'static str,
    renews: Renews,
}

async fn prolong_own(redis: &mut Link) -> Result<bool> {
    let (owner, ttl) = (redis.owner(), TTL_MS.to_string());
    Ok(redis.eval(PROLONG_OWN, KEY, &[&owner, &ttl]).await?)
}

#[async_trait(?Send)]
impl Lock for LongWork {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about);
        match self.renews {
            Renews::Never => card.breaks_under(&["none", "pause"], TWO_HOLDERS),
            Renews::UntilFailure => card
                .after("redisson/redisson#775")
                .holds_under(&["none", "crash"])
                .breaks_under(&["pause", "drop"], TWO_HOLDERS),
            Renews::Always => card
                .after("redisson/redisson#775")
                .holds_under(&["none", "crash", "drop", "lost-reply"])
                .breaks_under(&["pause"], TWO_HOLDERS),
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        if set_nx_px(redis).await? {
            return Ok(true);
        }
        redis.worker().sleep(LATER).await;
        set_nx_px(redis).await
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        let mut renews = self.renews != Renews::Never;
        for slice in 1..=4 {
            redis.worker().sleep(SLICE).await;
            if renews && slice < 4 {
                let renewed = prolong_own(redis).await;
                renews = renewed.is_ok() || self.renews == Renews::Always;
            }
        }
        Ok(true)
    }

    async fn release(&self, redis: &mut Link) -> Result {
        delete_own(redis).await
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// A renewal that asks whose lock it prolongs, or does not. What is promised is that leases stay apart, since a renewal
/// begins a new one.
///
/// ```text
/// A                       B
/// SET NX PX 100 -> OK
/// (the time limit passes)
///                         SET NX PX 100 -> OK
/// PEXPIRE -> 1            A takes B's lease for its own
/// ```
struct Prolonged {
    asks_owner: bool,
}

#[async_trait(?Send)]
impl Lock for Prolonged {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.asks_owner {
            let about = "The holder prolongs its lock with a script that compares the owner first, and stops its work when \
                         the lock is no longer its own. No two leases run at the same time.";
            per_model("lock/renewal-by-owner", about).holds_under(&["none", "pause"])
        } else {
            let about = "The holder prolongs its lock with PEXPIRE, whosever it is by now. A holder that was slower than \
                         the limit prolongs the lock of the next one, and works on.";
            per_model("lock/renewal-of-any", about)
                .holds_under(&["none"])
                .breaks_under(&["pause"], TWO_HOLDERS)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        set_nx_px(redis).await
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        let is_renewed = if self.asks_owner {
            prolong_own(redis).await?
        } else {
            redis.send(redis::cmd("PEXPIRE").arg(KEY).arg(TTL_MS)).await?
        };
        if !is_renewed {
            return Ok(false);
        }
        let renewed = redis.worker().invoke(HOLD, held_as(KEY, redis.worker()));
        redis.look().await?;
        renewed.ok("over");
        Ok(true)
    }

    async fn release(&self, redis: &mut Link) -> Result {
        delete_own(redis).await
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
        Arc::new(Guarded(LongWork {
            name: "lock/ttl-shorter-than-work",
            about: "The lock lasts 100 ms and the work 160. Somebody else gets the lock in between, and nothing needs to \
                    break or pause for it.",
            renews: Renews::Never,
        })),
        Arc::new(Guarded(LongWork {
            name: "lock/renewal-stops",
            about: "The holder prolongs its lock while it works, until a renewal fails for once. After a lost \
                    connection nobody prolongs it any more, and the holder works on.",
            renews: Renews::UntilFailure,
        })),
        Arc::new(Guarded(LongWork {
            name: "lock/renewal-goes-on",
            about: "The holder prolongs its lock while it works, three times as often as it must, and also after a renewal \
                    that failed. One lost connection costs nothing; a pause still does.",
            renews: Renews::Always,
        })),
        Arc::new(Guarded(Prolonged { asks_owner: false })),
        Arc::new(Guarded(Prolonged { asks_owner: true })),
    ]
}
