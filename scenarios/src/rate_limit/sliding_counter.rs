//! Owns the limiters that estimate a sliding window from the counters of two fixed ones.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::limited::{Limited, Limiter, eval};
use super::promise::{LIMIT, WINDOW_MS, now_ms, numbered_windows};
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};

const KEY: &str = "usage:ann";
/// Both counters in one hash: moves on to the window of this moment, weighs the last one by what of it is still inside, and
/// counts the call if there is room; the moment, or 0.
const SCRIPT: &str = "
local limit, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, inside = math.floor(now / length), now % length
local kept = redis.call('HMGET', KEYS[1], 'window', 'current', 'last')
local at, current, last = tonumber(kept[1] or window), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
if at == window - 1 then last, current = current, 0
elseif at < window then last, current = 0, 0 end
if last * (length - inside) + current * length >= limit * length then return 0 end
redis.call('HSET', KEYS[1], 'window', window, 'current', current + 1, 'last', last)
redis.call('PEXPIRE', KEYS[1], 2 * length)
return now
";

/// Two reads, a sum, and `INCR`.
///
/// ```text
/// A                      B                      C
/// GET last, GET current -> 0
/// INCR current
///                        GET … -> 1
///                                               GET … -> 1
///                        INCR current
///                                               INCR current   three of two
/// ```
struct InCommands;

#[async_trait(?Send)]
impl Limiter for InCommands {
    fn card(&self) -> Card {
        let about = "Each call reads the counters of this window and the last, weighs them, and counts itself if the sum is below \
                     the limit. Calls that read before the others have counted all find room.";
        broken("rate-limit/sliding-counter-in-commands", about, CHECK_THEN_ACT).on_redis().workers(3)
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let now = now_ms(worker);
        let (window, inside) = (now / WINDOW_MS, now % WINDOW_MS);
        let (key, last) = (format!("{KEY}:{window}"), format!("{KEY}:{}", window - 1));
        let (last, current): (Option<u64>, Option<u64>) = redis.mget(&[last, key.clone()]).await?;
        let weighed = last.unwrap_or(0) * (WINDOW_MS - inside) + current.unwrap_or(0) * WINDOW_MS;
        if weighed >= LIMIT as u64 * WINDOW_MS {
            return Ok(None);
        }
        let mut count = redis::pipe();
        let count = count.atomic().incr(&key, 1).pexpire(&key, 2 * WINDOW_MS as i64);
        count.exec_async(redis).await?;
        Ok(Some(now))
    }

    fn promise(&self) -> Invariant {
        numbered_windows()
    }
}

/// The same in one script.
struct InOneScript;

#[async_trait(?Send)]
impl Limiter for InOneScript {
    fn card(&self) -> Card {
        let about = "One script moves both counters on to the window of this moment, weighs them, and counts the call if there is \
                     room. Nobody gets between the weighing and the counting.";
        correct("rate-limit/sliding-counter-lua", about).on_redis().workers(3)
    }

    async fn admits(&self, _worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let at: u64 = eval(redis, SCRIPT, KEY, &[LIMIT.to_string(), WINDOW_MS.to_string()]).await?;
        Ok((at > 0).then_some(at))
    }

    fn promise(&self) -> Invariant {
        numbered_windows()
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Limited(InCommands)), Arc::new(Limited(InOneScript))]
}
