//! Owns the locks whose value is the moment at which they end, and which are taken over with `GETSET`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::clock::EPOCH;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, Hand, KEY, Lock, TTL_MS};
use super::link::Link;
use super::promises;
use crate::anomaly::{STRANDED_LOCK, TWO_HOLDERS};
use crate::card::{Details, per_model};

const SOURCE: &str = "kenn/redis-mutex#6";
/// Bounds how often an attempt starts over.
const LOOPS_MAX: u32 = 100;
/// When somebody who found the lock taken tries once more: later than it lasts.
const LATER: Duration = Duration::from_millis(120);

/// What somebody does who finds no lock where `SETNX` had just found one.
enum Vanished {
    /// Takes "nothing" for a moment long ago, and so for a lock that has ended.
    TakeOver,
    /// Tries `SETNX` until it succeeds, and looks at no lock any more.
    Spin,
    /// Starts over.
    StartOver,
}

/// One of them.
///
/// ```text
/// A              B                      C
/// SETNX -> 1
///                SETNX -> 0
/// GET, DEL
///                GET -> nil
///                                       SETNX -> 1
///                GETSET -> C's value    (B gives up)
///                                       GET -> B's value: not C's, so it stays
/// ```
struct Getset {
    name: &'static str,
    about: &'static str,
    source: &'static str,
    vanished: Vanished,
}

/// The moment at which a lock ends in milliseconds, and its owner, so that no two are equal: `1893456000100.A`.
fn ends(redis: &Link) -> String {
    let now = EPOCH + redis.worker().clock().now();
    format!("{}.{}", now.as_millis() + u128::from(TTL_MS), redis.owner())
}

/// Whether a lock with this value has ended.
fn has_ended(redis: &Link, value: &str) -> bool {
    let now = EPOCH + redis.worker().clock().now();
    value
        .split('.')
        .next()
        .and_then(|millis| millis.parse().ok())
        .is_some_and(|ends: u128| ends <= now.as_millis())
}

async fn setnx(redis: &mut Link) -> Result<bool> {
    let value = ends(redis);
    redis.written = Some(value.clone());
    Ok(redis.send(redis::cmd("SETNX").arg(KEY).arg(value)).await?)
}

/// Takes over a lock that has ended, unless somebody else was faster.
async fn take_over(redis: &mut Link) -> Result<bool> {
    let value = ends(redis);
    redis.written = Some(value.clone());
    let before: Option<String> = redis.send(redis::cmd("GETSET").arg(KEY).arg(value)).await?;
    Ok(before.is_none_or(|before| has_ended(redis, &before)))
}

impl Getset {
    async fn attempt(&self, redis: &mut Link) -> Result<bool> {
        for _ in 0..LOOPS_MAX {
            if setnx(redis).await? {
                return Ok(true);
            }
            let value: Option<String> = redis.send(redis::cmd("GET").arg(KEY)).await?;
            match (value, &self.vanished) {
                (Some(value), _) if has_ended(redis, &value) => return take_over(redis).await,
                (Some(_), _) => return Ok(false),
                (None, Vanished::TakeOver) => return take_over(redis).await,
                (None, Vanished::Spin) => {
                    while !setnx(redis).await? {}
                    return Ok(true);
                }
                (None, Vanished::StartOver) => {}
            }
        }
        Ok(false)
    }
}

#[async_trait(?Send)]
impl Lock for Getset {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).after(self.source);
        match self.vanished {
            Vanished::TakeOver => card.workers(3).breaks_under(&["none"], STRANDED_LOCK),
            Vanished::Spin => card.workers(3).holds_under(&["none"]).breaks_under(&["crash"], STRANDED_LOCK),
            Vanished::StartOver => {
                card.holds_under(&["none", "crash", "lost-reply"]).breaks_under(&["pause"], TWO_HOLDERS)
            }
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        if self.attempt(redis).await? {
            return Ok(true);
        }
        if matches!(self.vanished, Vanished::StartOver) {
            redis.worker().sleep(LATER).await;
            return self.attempt(redis).await;
        }
        Ok(false)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    /// Only the value that its holder wrote is removed.
    async fn release(&self, redis: &mut Link) -> Result {
        let value: Option<String> = redis.send(redis::cmd("GET").arg(KEY)).await?;
        if value != redis.written {
            return Ok(());
        }
        Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?)
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promises::free_when_given_back(KEY)]
    }

    /// A worker that comes later waits until the lock has ended by its value, and covers up that it was stranded.
    fn has_aftermath(&self) -> bool {
        !matches!(self.vanished, Vanished::TakeOver)
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(Getset {
            name: "lock/getset-takes-over-nothing",
            about: "Whoever fails with SETNX reads when the lock ends and takes it over with GETSET if that is past;                     \"no lock\" counts as past. If somebody else has just taken the free lock, GETSET overwrites the \
                    value by which its holder would know it.",
            source: SOURCE,
            vanished: Vanished::TakeOver,
        })),
        Arc::new(Guarded(Getset {
            name: "lock/getset-spins",
            about: "Whoever finds the lock gone repeats SETNX until it succeeds, without looking at the lock again. If \
                    somebody else takes it and crashes, it spins for ever and never sees that the lock has ended.",
            source: "kenn/redis-mutex#29",
            vanished: Vanished::Spin,
        })),
        Arc::new(Guarded(Getset {
            name: "lock/getset",
            about: "Whoever finds the lock gone starts over with SETNX, and takes it over with GETSET only if a value \
                    says that it has ended. It is a lease like every lock with a time limit.",
            source: SOURCE,
            vanished: Vanished::StartOver,
        })),
    ]
}
