//! Owns the counter with a limit that is kept by a script.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::{card, promise};

/// Reads, compares with the limit and writes in one script, which Redis runs as a whole.
pub(super) struct Lua;

const LIMIT: i64 = 3;
const SCRIPT: &str = "
local value = tonumber(redis.call('GET', KEYS[1]))
if value >= tonumber(ARGV[1]) then return -1 end
redis.call('SET', KEYS[1], value + 1)
return value + 1
";

#[async_trait(?Send)]
impl Scenario for Lua {
    fn card(&self) -> Card {
        let about = "Each worker runs a script that reads the counter, refuses beyond a limit, and writes it \
                     back. Redis runs a script as a whole, so the check and the write cannot be separated.";
        card("lua", about, None, 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        for _ in 0..2 {
            let increment = worker.invoke("increment", "");
            let mut eval = redis::cmd("EVAL");
            let value: i64 =
                eval.arg(SCRIPT).arg(1).arg("counter").arg(LIMIT).query_async(&mut redis).await?;
            if value < 0 { increment.refused("limit reached") } else { increment.ok(value) }
        }
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        vec![Invariant::new("the counter never exceeds its limit", |view: &View<'_>| {
            match view.state.integer("counter") {
                Some(value) if value <= LIMIT => Ok(()),
                other => Err(format!("`counter` is {other:?}, the limit is {LIMIT}")),
            }
        })]
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![promise::nothing_lost("counter")]
    }
}
