//! Owns the near cache that Redis itself keeps up to date: `CLIENT TRACKING` tells a connection which of the keys that it has
//! read have changed.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use raceproof::history::Operation;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::store::redis::NAME;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig, ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo};

use super::record::{READ, WRITE};
use crate::anomaly::STALE_READ;
use crate::card::{Details, per_model};

/// How long news may be on its way.
const NEWS: Duration = Duration::from_secs(1);

/// What the process keeps: a page made of two keys, and how often Redis has said that one of them has changed.
#[derive(Default)]
struct Pages {
    page: Option<i64>,
    news: u64,
}

/// Shared by the requests of a process and what hears its news.
#[derive(Clone, Default)]
struct Near(Arc<Mutex<Pages>>);

impl Near {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, push: &PushInfo) {
        if push.kind == PushKind::Invalidate {
            let mut pages = self.pages();
            pages.page = None;
            pages.news += 1;
        }
    }
}

/// Worker A makes a page of two keys and serves it again a second later; worker B changes one of them.
///
/// ```text
/// A                                B
/// GET price -> 1 (tracked)
///                                  SET price 2
/// (hears "price": no page to drop)
/// GET rate -> 10
/// (keeps the page 10, of which nobody will speak again)
/// ```
struct Tracked {
    looks_for_news: bool,
}

/// A connection of `worker` that tracks what it reads, and tells `near`.
async fn connect(worker: &Worker, near: &Near) -> Result<MultiplexedConnection> {
    let near = near.clone();
    let hear = move |push: PushInfo| -> std::result::Result<(), Infallible> {
        near.hear(&push);
        Ok(())
    };
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let info = RedisConnectionInfo::default().set_skip_set_lib_name().set_protocol(ProtocolVersion::RESP3);
    let (mut redis, driver) =
        MultiplexedConnection::new_with_config(&info, worker.stream(NAME), config.set_push_sender(hear))
            .await?;
    tokio::spawn(driver);
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec_async(&mut redis).await?;
    Ok(redis)
}

impl Tracked {
    async fn read(&self, worker: &Worker, redis: &mut MultiplexedConnection, near: &Near) -> Result {
        let read = worker.invoke(READ, "");
        let kept = near.pages().page;
        if let Some(page) = kept {
            read.ok(page);
            return Ok(());
        }
        let news = near.pages().news;
        let price: i64 = redis.get("price").await?;
        let rate: i64 = redis.get("rate").await?;
        let page = price * rate;
        let mut pages = near.pages();
        if !self.looks_for_news || pages.news == news {
            pages.page = Some(page);
        }
        drop(pages);
        read.ok(page);
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Tracked {
    fn card(&self) -> Card {
        if self.looks_for_news {
            let about = "A process that tracks keys keeps a page only if no news came while it was made. Redis speaks of a key once, \
                         and what it says is never lost between the reading and the keeping, only late.";
            per_model("cache/tracking-fill-checked", about)
                .holds_under(&["none"])
                .breaks_under(&["pause"], STALE_READ)
        } else {
            let about = "A process reads two keys with CLIENT TRACKING and keeps the page that it makes of them. News of the first \
                         key that comes before the second is read finds no page to drop, and the old page is kept for ever.";
            per_model("cache/tracking-fill-race", about).breaks_under(&["none", "pause"], STALE_READ)
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().mset(&[("price", 1), ("rate", 10)]).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        if worker.index() > 0 {
            let mut redis = worker.redis().await?;
            let write = worker.invoke(WRITE, 2);
            let () = redis.set("price", 2).await?;
            write.ok("done");
            return Ok(());
        }
        let near = Near::default();
        let mut redis = connect(&worker, &near).await?;
        self.read(&worker, &mut redis, &near).await?;
        worker.sleep(NEWS).await;
        self.read(&worker, &mut redis, &near).await
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "a second after a write nobody is served the page from before it";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let Some(read) = view.done(READ).nth(1) else { return Ok(()) };
            let is_before = |write: &Operation| write.returned.is_some_and(|over| over < read.invoked);
            let served = view.results(READ)[1];
            if view.done(WRITE).any(is_before) && served != "20" {
                return Err(format!("{} was served {served} after the price became 2", read.worker));
            }
            Ok(())
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Tracked { looks_for_news: false }), Arc::new(Tracked { looks_for_news: true })]
}
