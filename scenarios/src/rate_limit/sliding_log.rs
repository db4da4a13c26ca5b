//! Owns the limiters that keep the moment of every call in a sorted set.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::limited::{Limited, Limiter, eval};
use super::promise::{LIMIT, WINDOW_MS, now_ms, sliding_window};
use crate::anomaly::{CHECK_THEN_ACT, KEY_COLLISION};
use crate::card::{Details, broken, correct};

const KEY: &str = "log:ann";
const SOURCE: &str = "cameri/nostream#467";
/// Drops what is over, counts, and adds the call if there is room; the moment, or 0. A member without a name is the moment
/// alone.
const SCRIPT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now, now .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return now
";

/// Count first, add afterwards.
///
/// ```text
/// A                      B                      C
/// ZCARD -> 0
/// ZADD
///                        ZCARD -> 1
///                                               ZCARD -> 1
///                        ZADD
///                                               ZADD           three of two
/// ```
struct InCommands;

#[async_trait(?Send)]
impl Limiter for InCommands {
    fn card(&self) -> Card {
        let about = "Each call drops old entries from a log, counts the rest, and adds itself if there is room. Calls that count \
                     before the others have added themselves all find room.";
        let card = broken("rate-limit/sliding-log-in-commands", about, CHECK_THEN_ACT);
        card.on_redis().workers(3).after(SOURCE)
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let now = now_ms(worker);
        let mut look = redis::pipe();
        let look = look.atomic().zrembyscore(KEY, 0, now - WINDOW_MS).ignore().zcard(KEY);
        let (calls,): (usize,) = look.query_async(redis).await?;
        if calls >= LIMIT {
            return Ok(None);
        }
        let _: i64 = redis.zadd(KEY, format!("{now}:{}", worker.id()), now).await?;
        Ok(Some(now))
    }

    fn promise(&self) -> Invariant {
        sliding_window()
    }
}

/// One script. If entries are called only after their moment, those of one millisecond are one entry.
///
/// ```text
/// A                      B                      C
/// EVAL ZADD 7 "7" -> 1
///                        EVAL ZADD 7 "7" -> 0
///                                               EVAL ZCARD -> 1, ZADD 7 "7" -> 0    three of two
/// ```
struct InOneScript {
    is_named: bool,
}

#[async_trait(?Send)]
impl Limiter for InOneScript {
    fn card(&self) -> Card {
        if self.is_named {
            let about = "One script drops old entries, counts the rest, and adds an entry that bears the name of the request. \
                         Nobody gets between counting and adding, and every call is an entry of its own.";
            correct("rate-limit/sliding-log-lua", about).on_redis().workers(3)
        } else {
            let about = "One script drops old entries, counts the rest, and adds an entry that bears the moment of the call. Calls \
                         of the same millisecond replace each other's entry and are counted as one.";
            let card = broken("rate-limit/sliding-log-same-member", about, KEY_COLLISION);
            card.on_redis().workers(3).after(SOURCE)
        }
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let name = if self.is_named { format!(":{}", worker.id()) } else { String::new() };
        let at: u64 = eval(redis, SCRIPT, KEY, &[LIMIT.to_string(), WINDOW_MS.to_string(), name]).await?;
        Ok((at > 0).then_some(at))
    }

    fn promise(&self) -> Invariant {
        sliding_window()
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Limited(InCommands)),
        Arc::new(Limited(InOneScript { is_named: false })),
        Arc::new(Limited(InOneScript { is_named: true })),
    ]
}
