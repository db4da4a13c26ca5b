//! Owns what a refused caller is told: when to come again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::limited::eval;
use super::promise::{CALL, WINDOW_MS};
use crate::anomaly::READ_SKEW;
use crate::card::{Details, correct, per_model};

const KEY: &str = "usage:ann";
/// One call in a window.
const LIMIT: i64 = 1;
/// When worker A comes: in the second half of the window that is full.
const ARRIVAL: Duration = Duration::from_millis(60);
/// The operation of whoever was told to come again, and does.
const RETRY: &str = "retry";

/// The usage, and for how long the counter is still there: the millisecond in which it ends counts.
const COUNT: &str = "
local usage = redis.call('INCR', KEYS[1])
if usage == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {usage, redis.call('PTTL', KEYS[1]) + 1}
";

/// Worker A is refused and comes again when it was told to; worker B calls once.
///
/// ```text
/// A                              B
/// PTTL -> 40 (of the old window)
/// (40 ms pass)
///                                EVAL -> 1, a new window of 100 ms
/// EVAL -> 2, refused: come again in 41 ms
/// (41 ms pass)
/// EVAL -> 3, refused
/// ```
struct RetryAfter {
    in_one: bool,
}

impl RetryAfter {
    /// `None` if the call is let through, else after how many milliseconds it would be.
    async fn call(&self, redis: &mut MultiplexedConnection) -> Result<Option<u64>> {
        let before: i64 = if self.in_one { 0 } else { redis.pttl(KEY).await? };
        let (usage, after): (i64, i64) = eval(redis, COUNT, KEY, &[WINDOW_MS.to_string()]).await?;
        if usage <= LIMIT {
            return Ok(None);
        }
        let ms = if self.in_one { after } else { before + 1 };
        Ok(Some(u64::try_from(ms).unwrap_or(0)))
    }

    async fn told(
        &self,
        worker: &Worker,
        redis: &mut MultiplexedConnection,
        name: &str,
    ) -> Result<Option<u64>> {
        let call = worker.invoke(name, "");
        let again = self.call(redis).await?;
        match again {
            None => call.ok("admitted"),
            Some(ms) => call.refused(format!("retry after {ms} ms")),
        }
        Ok(again)
    }
}

#[async_trait(?Send)]
impl Scenario for RetryAfter {
    fn card(&self) -> Card {
        if self.in_one {
            let about = "The script that refuses a call also says for how long the counter is still there. Whoever comes again \
                         after that long finds a new window, unless somebody else has called in between.";
            correct("rate-limit/retry-after-lua", about).on_redis()
        } else {
            let about = "Each call asks for the rest of the window, for a header, and is counted by a script afterwards. If the \
                         window ends in between, the caller is refused in the next window and told the rest of the last.";
            per_model("rate-limit/retry-after-read-before", about)
                .holds_under(&["none"])
                .breaks_under(&["pause"], READ_SKEW)
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().pset_ex(KEY, LIMIT, WINDOW_MS).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() > 0 {
            self.told(&worker, &mut redis, CALL).await?;
            return Ok(());
        }
        worker.sleep(ARRIVAL).await;
        if let Some(ms) = self.told(&worker, &mut redis, CALL).await? {
            worker.sleep(Duration::from_millis(ms)).await;
            self.told(&worker, &mut redis, RETRY).await?;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "whoever comes again when told to is let through, if nobody else has called in between";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let is_refused = |retry: &&Operation| matches!(retry.end, OperationEnd::Refused(_));
            let retries = || view.operations.iter().filter(|retry| retry.name == RETRY);
            let Some(retry) = retries().find(is_refused) else { return Ok(()) };
            let mut calls = view.operations.iter().filter(|call| call.worker == retry.worker);
            let Some(call) = calls.next() else { return Ok(()) };
            // Whoever had returned when the answer was given, or called after the retry, was not in between.
            let is_between = |other: &&Operation| {
                other.worker != retry.worker
                    && retry.returned.is_none_or(|over| other.invoked < over)
                    && other.returned.is_none_or(|over| call.returned.is_none_or(|told| told < over))
            };
            match (&call.end, view.operations.iter().find(is_between)) {
                (OperationEnd::Refused(told), None) => {
                    Err(format!("{} was told `{told}`, waited, and was refused again", call.worker))
                }
                _ => Ok(()),
            }
        })]
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(RetryAfter { in_one: false }), Arc::new(RetryAfter { in_one: true })]
}
