//! Owns the message that was not acknowledged in time and is put back into its queue, after `celery/kombu#1444`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::promises::times;
use crate::anomaly::LOST_MESSAGE;
use crate::card::{Details, per_model};

const SOURCE: &str = "celery/kombu#1444";
const UNACKED: &str = "unacked";
const INDEX: &str = "unacked_index";
const QUEUE: &str = "queue";
const TAG: &str = "t1";
const MESSAGE: &str = "m1";

/// What is one transaction.
enum Restore {
    /// The removal.
    ///
    /// ```text
    /// A
    /// MULTI HGET unacked t1, ZREM index t1, HDEL unacked t1 EXEC -> m1
    /// (crash)                                                            m1 is nowhere
    /// RPUSH queue m1
    /// ```
    Removal,
    /// The removal and the push; whoever else restores the message makes it fail.
    Everything,
}

async fn remove_then_push(redis: &mut MultiplexedConnection, tag: &str) -> Result {
    let mut remove = redis::pipe();
    remove.atomic().hget(UNACKED, tag).zrem(INDEX, tag).ignore().hdel(UNACKED, tag).ignore();
    let (message,): (Option<String>,) = remove.query_async(redis).await?;
    if let Some(message) = message {
        let _: i64 = redis.rpush(QUEUE, message).await?;
    }
    Ok(())
}

async fn move_at_once(redis: &mut MultiplexedConnection, tag: &str) -> Result {
    redis::cmd("WATCH").arg(UNACKED).exec_async(redis).await?;
    let Some(message) = redis.hget::<_, _, Option<String>>(UNACKED, tag).await? else { return Ok(()) };
    let mut restore = redis::pipe();
    restore.atomic().zrem(INDEX, tag).ignore().hdel(UNACKED, tag).ignore().rpush(QUEUE, message).ignore();
    // If somebody else has changed what is not acknowledged, the next round looks again.
    let _: Option<()> = restore.query_async(redis).await?;
    Ok(())
}

impl Restore {
    /// Puts back everything that was delivered too long ago.
    async fn round(&self, redis: &mut MultiplexedConnection) -> Result {
        let tags: Vec<String> = redis.zrangebyscore(INDEX, 0, 200).await?;
        for tag in tags {
            match self {
                Self::Removal => remove_then_push(redis, &tag).await?,
                Self::Everything => move_at_once(redis, &tag).await?,
            }
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Restore {
    fn card(&self) -> Card {
        let card = match self {
            Self::Removal => {
                let about = "A worker takes a message that was not acknowledged in time out of the unacknowledged ones, in one \
                             transaction, and then pushes it back into its queue. If the worker dies in between, the message is lost \
                             that it meant to save.";
                per_model("queue/restore-then-push", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash", "lost-reply"], LOST_MESSAGE)
            }
            Self::Everything => {
                let about = "A worker reads a message that was not acknowledged in time, and removes it and pushes it back in one \
                             transaction that watches the unacknowledged ones. The message is always in one of the two places.";
                per_model("queue/restore-at-once", about).holds_under(&[
                    "none",
                    "crash",
                    "lost-reply",
                    "drop",
                ])
            }
        };
        card.after(SOURCE)
    }

    /// The message was delivered to somebody who has died.
    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let _: i64 = stores.redis().hset(UNACKED, TAG, MESSAGE).await?;
        Ok(stores.redis().zadd(INDEX, TAG, 100).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        self.round(&mut worker.redis().await?).await
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The next one to look.
    async fn aftermath(&self, worker: Worker) -> Result {
        self.round(&mut worker.redis().await?).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("in the end the message is in its queue again, once", |view: &View<'_>| {
            match times(view, QUEUE, MESSAGE) {
                1 => Ok(()),
                queued => Err(format!("{MESSAGE} is there {queued} times: {}", view.state)),
            }
        })]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Restore::Removal), Arc::new(Restore::Everything)]
}
