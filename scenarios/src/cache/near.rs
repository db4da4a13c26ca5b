//! Owns the near cache: a copy in the process of a value in Redis, dropped when a message says that the value has changed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use raceproof::history::Operation;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::store::redis::NAME;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::aio::PubSub;
use redis::{AsyncCommands, RedisConnectionInfo, RedisResult};

use super::record::{NEW, OLD, READ, WRITE};
use crate::anomaly::{LOST_INVALIDATION, STALE_READ};
use crate::card::{Details, per_model};

const MAP: &str = "map";
const FIELD: &str = "k";
const TOPIC: &str = "map:topic";
/// How long news may be on its way.
const NEWS: Duration = Duration::from_secs(1);
/// How often something is tried when a connection is gone; one fault may happen.
const TRIES_MAX: usize = 3;

/// Worker A has a near cache, asks twice, and listens in between; worker B writes and tells.
///
/// ```text
/// A                            B
/// SUBSCRIBE map:topic
/// HGET map k -> 1   (keeps it)
/// (the connections end)
///                              HSET map k 2, PUBLISH map:topic k -> 0    nobody listens
/// SUBSCRIBE map:topic
/// (serves 1 from its process)
/// ```
struct Near {
    clears: bool,
}

async fn subscribe(worker: &Worker) -> RedisResult<PubSub> {
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    let mut listener = PubSub::new(&info, worker.stream(NAME)).await?;
    listener.subscribe(TOPIC).await?;
    Ok(listener)
}

/// The same, tried again.
async fn subscribe_in_the_end(worker: &Worker) -> RedisResult<PubSub> {
    for _ in 1..TRIES_MAX {
        if let Ok(listener) = subscribe(worker).await {
            return Ok(listener);
        }
    }
    subscribe(worker).await
}

async fn look(worker: &Worker) -> RedisResult<i64> {
    worker.redis().await?.hget(MAP, FIELD).await
}

/// What the near cache holds, or else what Redis holds, which it then holds too.
async fn read(worker: &Worker, near: &mut Option<i64>) -> Result {
    let read = worker.invoke(READ, "");
    for _ in 0..TRIES_MAX {
        if near.is_some() {
            break;
        }
        *near = look(worker).await.ok();
    }
    read.ok(near.ok_or("Redis does not answer")?);
    Ok(())
}

async fn write(worker: &Worker) -> RedisResult<()> {
    let mut redis = worker.redis().await?;
    redis::pipe().atomic().hset(MAP, FIELD, NEW).publish(TOPIC, FIELD).exec_async(&mut redis).await?;
    Ok(())
}

impl Near {
    async fn listen(&self, worker: &Worker, near: &mut Option<i64>, mut listener: PubSub) -> Result {
        let over = worker.sleep(NEWS);
        tokio::pin!(over);
        loop {
            let mut messages = listener.on_message();
            // Which branch is looked at first must not be chance.
            let message = tokio::select! {
                biased;
                message = messages.next() => message,
                () = &mut over => return Ok(()),
            };
            if message.is_some() {
                *near = None;
                continue;
            }
            drop(messages);
            listener = subscribe_in_the_end(worker).await?;
            // Behind the subscription: what was told before it, nobody has heard.
            if self.clears {
                *near = None;
            }
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Near {
    fn card(&self) -> Card {
        let card = if self.clears {
            let about = "Each process keeps a copy, drops it when a message says so, and drops everything when it had to subscribe \
                         anew. What was published in between is then read again, but a message that is late is late.";
            per_model("cache/near-cleared-on-reconnect", about)
                .holds_under(&["none", "restart", "fail-over"])
                .breaks_under(&["pause"], STALE_READ)
        } else {
            let about = "Each process keeps a copy, drops it when a message says so, and subscribes again when the connection was \
                         lost. What is published in between reaches nobody, and the copy is served for ever.";
            per_model("cache/near-pubsub", about)
                .holds_under(&["none"])
                .breaks_under(&["restart", "fail-over"], LOST_INVALIDATION)
        };
        card.after("redisson/redisson#4653")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let _: i64 = stores.redis().hset(MAP, FIELD, OLD).await?;
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() == 0 {
            let listener = subscribe_in_the_end(&worker).await?;
            let mut near = None;
            read(&worker, &mut near).await?;
            self.listen(&worker, &mut near, listener).await?;
            return read(&worker, &mut near).await;
        }
        let told = worker.invoke(WRITE, NEW);
        for _ in 1..TRIES_MAX {
            if write(&worker).await.is_ok() {
                told.ok("done");
                return Ok(());
            }
        }
        write(&worker).await?;
        told.ok("done");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "a second after a write nobody is served anything but what Redis holds";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let Some(read) = view.done(READ).nth(1) else { return Ok(()) };
            let is_before = |write: &Operation| write.returned.is_some_and(|over| over < read.invoked);
            let served = view.results(READ)[1];
            let held = view.state.get(MAP).map(ToString::to_string).unwrap_or_default();
            if view.done(WRITE).any(is_before) && held != format!("{{{FIELD}: {served}}}") {
                return Err(format!("{} was served {served}, and Redis holds {held}", read.worker));
            }
            Ok(())
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Near { clears: false }), Arc::new(Near { clears: true })]
}
