//! Owns the increment that a client sends again because no answer came.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::DUPLICATE_EFFECT;
use crate::card::{Details, per_model};
use crate::operations::{done, open};
use crate::script::eval;

/// How often the library sends a command that is not answered.
const SENDS_MAX: u32 = 2;
/// How long the name of an increment is remembered.
const REMEMBERED_S: &str = "60";
/// Increments unless this increment has been done.
const INCR_ONCE: &str = "
if redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[1]) then return redis.call('INCR', KEYS[1]) end
return redis.call('GET', KEYS[1])
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// As it is.
    ///
    /// ```text
    /// A
    /// INCR hits -> (1, but the answer is lost)
    /// INCR hits -> 2                             one hit counts twice
    /// ```
    Bare,
    /// With a name of its own, which a script remembers.
    Named,
}

struct Resent(Sent);

const BARE: &str = "A client library sends INCR again when no answer comes in time. If only the answer was late, one increment has \
                    counted twice.";
const NAMED: &str = "Each increment has a name, and a script increments only if it has not seen the name. The library may send it \
                     again as often as it likes.";

impl Resent {
    async fn send(&self, worker: &Worker) -> Result<i64> {
        let mut redis = worker.redis().await?;
        match self.0 {
            Sent::Bare => Ok(redis.incr("hits", 1).await?),
            Sent::Named => {
                let name = format!("increment:{}", worker.id());
                Ok(eval(&mut redis, INCR_ONCE, &["hits", &name], &[REMEMBERED_S]).await?)
            }
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Resent {
    fn card(&self) -> Card {
        let card = match self.0 {
            Sent::Bare => per_model("counter/incr-resent", BARE)
                .holds_under(&["none", "drop"])
                .breaks_under(&["lost-reply"], DUPLICATE_EFFECT),
            Sent::Named => {
                per_model("counter/incr-named", NAMED).holds_under(&["none", "lost-reply", "drop", "error"])
            }
        };
        card.after("redis/redis-py#261")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("hits", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let increment = worker.invoke("increment", "");
        let mut sends = 1;
        loop {
            match self.send(&worker).await {
                Ok(hits) => {
                    increment.ok(hits);
                    return Ok(());
                }
                Err(error) if sends == SENDS_MAX => {
                    increment.unknown(&error);
                    return Err(error);
                }
                Err(_) => sends += 1,
            }
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("one increment changes the counter by one", |view: &View<'_>| {
            let (least, unsure) = (done(view, "increment"), open(view, "increment"));
            let most = least + i64::try_from(unsure).unwrap_or(i64::MAX);
            match view.state.integer("hits") {
                Some(hits) if (least..=most).contains(&hits) => Ok(()),
                hits => Err(format!("{least} increments were done, and the counter is {hits:?}")),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Resent(Sent::Bare)), Arc::new(Resent(Sent::Named))]
}
