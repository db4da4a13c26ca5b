//! Owns the limiter whose script is sent again when the first answer is an error.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::{RedisResult, Script};

use super::line::Line;
use super::promise::{CALL, LIMIT};
use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};

const KEY: &str = "usage:ann";
const SCRIPT: &str = "
local usage = redis.call('INCR', KEYS[1])
if usage == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end
return usage
";

/// The script by its digest, and again after an error.
///
/// ```text
/// A
/// EVALSHA -> (1, but the answer is lost)
/// SCRIPT LOAD
/// EVALSHA -> 2                 one call, counted twice
/// ```
struct Replayed {
    only_if_unknown: bool,
}

impl Replayed {
    async fn count(&self, line: &mut Line<'_>) -> RedisResult<usize> {
        let mut count = redis::cmd("EVALSHA");
        count.arg(Script::new(SCRIPT).get_hash()).arg(1).arg(KEY);
        match line.send(&count).await {
            Err(error) if !self.only_if_unknown || error.code() == Some("NOSCRIPT") => {
                line.send::<String>(redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT)).await?;
                line.send(&count).await
            }
            answer => answer,
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Replayed {
    fn card(&self) -> Card {
        let card = if self.only_if_unknown {
            let about = "A call is counted by a script that Redis is asked to run by its digest, and that is loaded and run again if \
                         Redis does not know it. After any other error the call fails, since it may have been counted.";
            per_model("rate-limit/evalsha-replayed-if-unknown", about).holds_under(&[
                "none",
                "lost-reply",
                "drop",
                "restart",
            ])
        } else {
            let about = "A call is counted by a script that Redis is asked to run by its digest, and that is loaded and run again \
                         after any error. If only the answer was lost, the call counts twice, and the client is refused too early.";
            per_model("rate-limit/evalsha-replayed", about)
                .holds_under(&["none", "drop", "restart"])
                .breaks_under(&["lost-reply"], DUPLICATE_EFFECT)
        };
        card.after("express-rate-limit/rate-limit-redis#251")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT).exec_async(stores.redis()).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut line = Line::of(&worker, true);
        let call = worker.invoke(CALL, "");
        match self.count(&mut line).await {
            Ok(usage) if usage <= LIMIT => call.ok("admitted"),
            Ok(_) => call.refused("too many"),
            Err(error) => call.unknown(error),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let once = Invariant::new("a call counts once at most", |view: &View<'_>| {
            let (calls, counted) = (view.operations.len(), view.state.integer(KEY).unwrap_or(0));
            match usize::try_from(counted) {
                Ok(counted) if counted <= calls => Ok(()),
                _ => Err(format!("{calls} calls count as {counted}")),
            }
        });
        vec![once]
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Replayed { only_if_unknown: false }), Arc::new(Replayed { only_if_unknown: true })]
}
