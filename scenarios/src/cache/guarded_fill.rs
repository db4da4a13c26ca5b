//! Owns the fills that are refused when they come too late: by a lease that the write has taken back, or by a version.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Scenario, Worker};

use super::aside::{Aside, ReadAndWritten};
use super::record::{Hand, KEY, NEW};
use crate::anomaly::STALE_ENTRY;
use crate::card::{Details, correct, per_model};

const LEASE: &str = "lease";
const LEASES: &str = "leases";
const LEASE_MS: u64 = 10_000;
/// The copy, or else a lease for the first who misses: a number that nobody had before.
const GET_OR_LEASE: &str = "
local value = redis.call('GET', KEYS[1])
if value then return {value, false} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {false, false} end
local lease = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], lease, 'PX', ARGV[1])
return {false, lease}
";
/// Fills, if the lease is still the one that was given.
const FILL_WITH_LEASE: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1])
return 1
";

/// Whoever misses is given a lease, a write takes it back, and without it nothing is filled (after Nishtala and others,
/// "Scaling Memcache at Facebook", NSDI 2013).
///
/// ```text
/// A (writes)               B (reads)
///                          EVAL -> no copy, lease 1
///                          SELECT -> 1
/// UPDATE 2
/// DEL record lease
///                          EVAL fill with lease 1 -> refused
/// ```
struct Leased;

#[async_trait(?Send)]
impl Aside for Leased {
    fn card(&self) -> Card {
        let about = "The first reader that misses is given a lease, a write deletes copy and lease, and a fill needs the lease \
                     that it was given. Whoever has read before the write has lost its lease and fills nothing.";
        correct("cache/lease-token", about).on_both()
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.store(NEW).await?;
        Ok(redis::cmd("DEL").arg(KEY).arg(LEASE).exec_async(&mut hand.redis).await?)
    }

    async fn read(&self, hand: &mut Hand) -> Result<i64> {
        let keys = [KEY, LEASE, LEASES];
        let (copy, lease): (Option<i64>, Option<i64>) =
            hand.eval(GET_OR_LEASE, &keys, &[LEASE_MS.to_string()]).await?;
        if let Some(value) = copy {
            return Ok(value);
        }
        let value = hand.load().await?;
        if let Some(lease) = lease {
            let _: i64 =
                hand.eval(FILL_WITH_LEASE, &[KEY, LEASE], &[value.to_string(), lease.to_string()]).await?;
        }
        Ok(value)
    }
}

/// Sets the copy, unless it is the same or a newer one. The value is its own version, since it only grows.
const SET_IF_NEWER: &str = "
local copy = redis.call('GET', KEYS[1])
if copy and tonumber(copy) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
";
/// The same with a time limit.
const SET_IF_NEWER_FOR_A_WHILE: &str = "
local copy = redis.call('GET', KEYS[1])
if copy and tonumber(copy) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
";
const COPY_MS: u64 = 60_000;

/// Writer and reader set the copy only if theirs is newer.
///
/// ```text
/// A (writes)                  B (reads)
///                             GET record -> nil
///                             SELECT -> version 1
/// UPDATE version 2
/// EVAL set version 2 -> 1
/// (if it expires now, so does the knowledge of version 2)
///                             EVAL set version 1 -> refused, unless there is none
/// ```
struct Versioned {
    expires: bool,
}

impl Versioned {
    async fn set(&self, hand: &mut Hand, value: i64) -> Result {
        let script = if self.expires { SET_IF_NEWER_FOR_A_WHILE } else { SET_IF_NEWER };
        let _: i64 = hand.eval(script, &[KEY], &[value.to_string(), COPY_MS.to_string()]).await?;
        Ok(())
    }
}

#[async_trait(?Send)]
impl Aside for Versioned {
    fn card(&self) -> Card {
        if self.expires {
            let about = "Writer and readers set the copy by a script that compares versions, and the copy lasts a minute. When \
                         it ends its version is forgotten with it, and a reader that was slower fills in an older one.";
            per_model("cache/versioned-fill-expires", about)
                .on_both()
                .holds_under(&["none"])
                .breaks_under(&["pause"], STALE_ENTRY)
        } else {
            let about = "Writer and readers set the copy by a script that keeps the one with the higher version. However late \
                         a fill comes, it cannot replace a newer copy.";
            correct("cache/versioned-fill", about).on_both().workers(3)
        }
    }

    async fn write(&self, _worker: &Worker, hand: &mut Hand) -> Result {
        hand.store(NEW).await?;
        self.set(hand, NEW).await
    }

    async fn read(&self, hand: &mut Hand) -> Result<i64> {
        if let Some(value) = hand.cached().await? {
            return Ok(value);
        }
        let value = hand.load().await?;
        self.set(hand, value).await?;
        Ok(value)
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(ReadAndWritten(Leased)),
        Arc::new(ReadAndWritten(Versioned { expires: false })),
        Arc::new(ReadAndWritten(Versioned { expires: true })),
    ]
}
