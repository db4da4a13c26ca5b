//! Owns the limiters that take a token from a bucket, which fills as time passes.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::limited::{Limited, Limiter, eval};
use super::promise::{LIMIT, WINDOW_MS, bucket, now_ms};
use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, broken, correct};

const KEY: &str = "bucket:ann";
/// How long one token takes to come. What a bucket holds is counted in these milliseconds, so that nothing is rounded.
const REFILL_MS: u64 = WINDOW_MS / LIMIT as u64;
/// Refills, takes a token if there is one, and writes both down; the moment, or 0.
const SCRIPT: &str = "
local full, token = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'held', 'at')
local held = math.min(full, tonumber(kept[1] or full) + now - tonumber(kept[2] or now))
if held < token then return 0 end
redis.call('HSET', KEYS[1], 'held', held - token, 'at', now)
redis.call('PEXPIRE', KEYS[1], full)
return now
";

/// `GET`, refill, `SET`: two calls take the same token.
///
/// ```text
/// A                      B                      C
/// GET -> 2 tokens
/// SET 1 token
///                        GET -> 1 token
///                                               GET -> 1 token
///                        SET 0 tokens
///                                               SET 0 tokens   three of two
/// ```
struct GetThenSet;

#[async_trait(?Send)]
impl Limiter for GetThenSet {
    fn card(&self) -> Card {
        let about = "Each call reads the bucket, adds what has come since, takes a token, and writes the bucket back. Two calls \
                     that read the same bucket take the same token, and one refill overwrites the other.";
        let card = broken("rate-limit/token-bucket-get-set", about, LOST_UPDATE);
        card.on_redis().workers(3).after("winhowes/AuthTranslator#612")
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let now = now_ms(worker);
        let kept: Option<String> = redis.get(KEY).await?;
        let kept = kept.as_deref().and_then(|kept| kept.split_once(' '));
        let (held, at): (u64, u64) = match kept {
            Some((held, at)) => (held.parse()?, at.parse()?),
            None => (WINDOW_MS, now),
        };
        let held = WINDOW_MS.min(held + now.saturating_sub(at));
        if held < REFILL_MS {
            return Ok(None);
        }
        let () = redis.pset_ex(KEY, format!("{} {now}", held - REFILL_MS), WINDOW_MS).await?;
        Ok(Some(now))
    }

    fn promise(&self) -> Invariant {
        bucket(REFILL_MS)
    }
}

/// The fix: one script.
struct Lua;

#[async_trait(?Send)]
impl Limiter for Lua {
    fn card(&self) -> Card {
        let about = "One script adds to the bucket what has come by the clock of Redis, takes a token, and writes the bucket back. \
                     Nobody gets between the reading and the writing, and all live by one clock.";
        let card = correct("rate-limit/token-bucket-lua", about);
        card.on_redis().workers(3).after("winhowes/AuthTranslator#612")
    }

    async fn admits(&self, _worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let at: u64 = eval(redis, SCRIPT, KEY, &[WINDOW_MS.to_string(), REFILL_MS.to_string()]).await?;
        Ok((at > 0).then_some(at))
    }

    fn promise(&self) -> Invariant {
        bucket(REFILL_MS)
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Limited(GetThenSet)), Arc::new(Limited(Lua))]
}
