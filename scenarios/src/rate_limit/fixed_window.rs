//! Owns the limiters that count the calls of a window in one number, which ends with the window.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::limited::{Limited, Limiter, eval};
use super::promise::{LIMIT, WINDOW_MS, now_ms, numbered_windows, windows_of_their_own};
use crate::anomaly::{CHECK_THEN_ACT, ENDLESS_COUNTER};
use crate::card::{Details, broken, per_model};

const KEY: &str = "usage:ann";
/// Longer than a window, so that it is there as long as it is asked for.
const KEPT_MS: i64 = 2 * WINDOW_MS as i64;

/// The key of the window in which `ms` lies.
fn numbered(ms: u64) -> String {
    format!("{KEY}:{}", ms / WINDOW_MS)
}

fn is_within(count: usize) -> bool {
    count <= LIMIT
}

/// `GET` to decide, `INCR` when the request has been served.
///
/// ```text
/// A                     B                     C
/// GET -> nil
/// INCR -> 1
///                       GET -> 1
///                                             GET -> 1
///                       INCR -> 2
///                                             INCR -> 3     three of two
/// ```
struct GetThenIncr;

#[async_trait(?Send)]
impl Limiter for GetThenIncr {
    fn card(&self) -> Card {
        let about = "Each call reads the usage of the window, goes on if that is below the limit, and counts itself afterwards. \
                     Calls that read before the others have counted all go on.";
        let card = broken("rate-limit/get-then-incr", about, CHECK_THEN_ACT);
        card.on_redis().workers(3).after("Kong/kong#8227")
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let now = now_ms(worker);
        let usage: Option<usize> = redis.get(numbered(now)).await?;
        if usage.is_some_and(|usage| usage >= LIMIT) {
            return Ok(None);
        }
        let mut count = redis::pipe();
        let count = count.atomic().incr(numbered(now), 1).pexpire(numbered(now), KEPT_MS);
        count.exec_async(redis).await?;
        Ok(Some(now))
    }

    fn promise(&self) -> Invariant {
        numbered_windows()
    }
}

/// The fix: `INCR` first, and its answer is the usage. Each window has a key of its own, so a counter that a crash has left
/// without an end is never asked for again. What the clock said is old when somebody pauses.
///
/// ```text
/// A, B                          C
///                               (it is window 7)
/// INCR usage:7 -> 1, 2
/// (200 ms pass: usage:7 ends)
///                               INCR usage:7 -> 1     three of two in window 7
/// ```
struct IncrPerWindow;

#[async_trait(?Send)]
impl Limiter for IncrPerWindow {
    fn card(&self) -> Card {
        let about = "Each call counts itself with INCR under a key that names the window by the caller's clock, and goes on if its \
                     number is within the limit. The numbers are distinct, unless a call is held up until the counter of its window has ended.";
        per_model("rate-limit/incr-per-window", about)
            .workers(3)
            .holds_under(&["none", "crash"])
            .breaks_under(&["pause"], CHECK_THEN_ACT)
            .after("Kong/kong#8227")
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let now = now_ms(worker);
        let usage: usize = redis.incr(numbered(now), 1).await?;
        if usage == 1 {
            let _: i64 = redis.pexpire(numbered(now), KEPT_MS).await?;
        }
        Ok(is_within(usage).then_some(now))
    }

    fn promise(&self) -> Invariant {
        numbered_windows()
    }
}

/// `INCR`, and `EXPIRE` if it was the first.
///
/// ```text
/// A                     B
/// INCR -> 1
/// (dies)
///                       INCR -> 2, no EXPIRE: it is not the first
///                                             INCR -> 3, refused for ever
/// ```
struct IncrThenExpire;

#[async_trait(?Send)]
impl Limiter for IncrThenExpire {
    fn card(&self) -> Card {
        let about = "Each call counts itself with INCR, and the first one of a window sends EXPIRE afterwards. If that one dies \
                     or is cut off in between, the counter has no end, and the client is refused for ever.";
        per_model("rate-limit/incr-then-expire", about)
            .holds_under(&["none", "pause"])
            .breaks_under(&["crash", "drop", "lost-reply"], ENDLESS_COUNTER)
            .after("alisaifee/limits#14")
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let usage: usize = redis.incr(KEY, 1).await?;
        let now = now_ms(worker);
        if usage == 1 {
            let _: i64 = redis.pexpire(KEY, WINDOW_MS as i64).await?;
        }
        Ok(is_within(usage).then_some(now))
    }

    fn promise(&self) -> Invariant {
        windows_of_their_own()
    }
}

const INCR_WITH_EXPIRE: &str = "
local usage = redis.call('INCR', KEYS[1])
if usage == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return usage
";

/// The fix: both in one script.
struct Lua;

#[async_trait(?Send)]
impl Limiter for Lua {
    fn card(&self) -> Card {
        let about = "Each call runs a script that counts it and gives the counter its end if it is the first. No counter is \
                     ever without an end, whoever dies when.";
        per_model("rate-limit/fixed-window-lua", about)
            .workers(3)
            .holds_under(&["none", "pause", "crash", "drop", "lost-reply"])
            .after("alisaifee/limits#14")
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let usage: usize = eval(redis, INCR_WITH_EXPIRE, KEY, &[WINDOW_MS.to_string()]).await?;
        Ok(is_within(usage).then_some(now_ms(worker)))
    }

    fn promise(&self) -> Invariant {
        windows_of_their_own()
    }
}

/// A new counter is made aside with its end and put in place if there is none; then `INCR`.
///
/// ```text
/// A
/// SET new:A 0 PX 100
/// RENAMENX new:A usage -> 0    there is one
/// (it ends)
/// INCR usage -> 1              a counter without an end
/// ```
struct RenameThenIncr {
    in_one: bool,
}

#[async_trait(?Send)]
impl Limiter for RenameThenIncr {
    fn card(&self) -> Card {
        let card = if self.in_one {
            let about = "One transaction makes a counter aside, puts it in place if there is none, counts, and asks when the counter \
                         ends; one without an end is given one. Time stands still within a transaction of Redis 7.";
            per_model("rate-limit/renamenx-in-transaction", about).holds_under(&["none", "pause"])
        } else {
            let about = "Each call makes a counter aside with its end, puts it in place with RENAMENX if there is none, and counts \
                         with INCR. If the counter ends between the two, INCR makes one that never ends.";
            per_model("rate-limit/renamenx-then-incr", about)
                .holds_under(&["none"])
                .breaks_under(&["pause"], ENDLESS_COUNTER)
        };
        card.after("Tabcorp/redis-rate-limiter#1")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().pset_ex(KEY, LIMIT, WINDOW_MS).await?)
    }

    async fn admits(&self, worker: &Worker, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let new = format!("new:{}", worker.id());
        let mut steps = redis::pipe();
        let ttl = if self.in_one {
            let (usage, ttl): (usize, i64) = steps
                .atomic()
                .pset_ex(&new, 0, WINDOW_MS)
                .ignore()
                .rename_nx(&new, KEY)
                .ignore()
                .incr(KEY, 1)
                .pttl(KEY)
                .query_async(redis)
                .await?;
            (usage, ttl)
        } else {
            let () = redis.pset_ex(&new, 0, WINDOW_MS).await?;
            let _: i64 = redis.rename_nx(&new, KEY).await?;
            (redis.incr(KEY, 1).await?, 0)
        };
        let now = now_ms(worker);
        if ttl.1 == -1 {
            let _: i64 = redis.pexpire(KEY, WINDOW_MS as i64).await?;
        }
        Ok(is_within(ttl.0).then_some(now))
    }

    fn promise(&self) -> Invariant {
        windows_of_their_own()
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Limited(GetThenIncr)),
        Arc::new(Limited(IncrPerWindow)),
        Arc::new(Limited(IncrThenExpire)),
        Arc::new(Limited(Lua)),
        Arc::new(Limited(RenameThenIncr { in_one: false })),
        Arc::new(Limited(RenameThenIncr { in_one: true })),
    ]
}
