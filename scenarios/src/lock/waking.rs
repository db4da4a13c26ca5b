//! Owns the locks whose waiters are woken: by a message, or by an item in a list.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use raceproof::scenario::Result;
use raceproof::store::redis::NAME;
use raceproof::{Card, Scenario};
use redis::RedisConnectionInfo;
use redis::aio::PubSub;

use super::guarded::{Guarded, Hand, KEY, Lock, TTL_MS};
use super::link::Link;
use super::set_nx_px::set_nx_px;
use crate::anomaly::{LOST_WAKE_UP, TWO_HOLDERS};
use crate::card::{Details, per_model};

const CHANNEL: &str = "released";
const SIGNAL: &str = "signal";
/// Deletes the owner's lock and tells those who listen.
const DELETE_AND_PUBLISH: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', ARGV[2], 'free')
";
/// Deletes the owner's lock and leaves an item for one who waits.
const DELETE_AND_PUSH: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('RPUSH', ARGV[2], 'free')
";

/// When somebody subscribes who wants to be told that the lock is free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subscribes {
    /// After an attempt that failed.
    ///
    /// ```text
    /// A                       B
    /// SET NX PX -> OK
    ///                         SET NX PX -> nil
    /// EVAL (DEL, PUBLISH)
    ///                         SUBSCRIBE, and waits for what was already said
    /// ```
    AfterFailure,
    /// Before the attempt.
    First,
    /// Before the attempt, and tries again in any case when a lease must have ended.
    FirstWithLimit,
}

/// The lock whose release is published.
struct Published {
    name: &'static str,
    about: &'static str,
    subscribes: Subscribes,
}

async fn subscribe(redis: &Link) -> Result<PubSub> {
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    let mut listener = PubSub::new(&info, redis.worker().stream(NAME)).await?;
    listener.subscribe(CHANNEL).await?;
    Ok(listener)
}

impl Published {
    /// Waits for a message, or as long as it is worth.
    async fn wait(&self, redis: &Link, listener: &mut PubSub) -> Result {
        let limit = async {
            match self.subscribes {
                Subscribes::FirstWithLimit => redis.worker().sleep(Duration::from_millis(TTL_MS)).await,
                _ => std::future::pending().await,
            }
        };
        let mut messages = listener.on_message();
        // Which branch is looked at first must not be chance.
        tokio::select! {
            biased;
            message = messages.next() => message.map(|_| ()).ok_or_else(|| "the subscription ended".into()),
            () = limit => Ok(()),
        }
    }
}

#[async_trait(?Send)]
impl Lock for Published {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).after("miintto/redis-lock-py#3");
        match self.subscribes {
            Subscribes::AfterFailure => card.breaks_under(&["none", "pause"], LOST_WAKE_UP),
            Subscribes::First => card.holds_under(&["none"]).breaks_under(&["crash"], LOST_WAKE_UP),
            Subscribes::FirstWithLimit => {
                card.holds_under(&["none", "crash"]).breaks_under(&["pause"], TWO_HOLDERS)
            }
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        if self.subscribes == Subscribes::AfterFailure && set_nx_px(redis).await? {
            return Ok(true);
        }
        let mut listener = subscribe(redis).await?;
        if self.subscribes == Subscribes::AfterFailure {
            self.wait(redis, &mut listener).await?;
        }
        while !set_nx_px(redis).await? {
            self.wait(redis, &mut listener).await?;
        }
        Ok(true)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.increment().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        let owner = redis.owner();
        Ok(redis.eval(DELETE_AND_PUBLISH, KEY, &[&owner, CHANNEL]).await?)
    }
}

/// How an item reaches the list of those who wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signals {
    /// Before the lock is deleted.
    ///
    /// ```text
    /// A                    B
    /// SET NX PX -> OK      SET NX PX -> nil
    /// RPUSH signal
    ///                      BLPOP -> free, SET NX PX -> nil
    /// DEL
    ///                      BLPOP, and nobody pushes any more
    /// ```
    BeforeDelete,
    /// Together with it.
    WithDelete,
    /// Together with it, and waiters try again when a lease must have ended.
    WithDeleteAndLimit,
}

/// The lock whose release is an item in a list.
struct Signalled {
    name: &'static str,
    about: &'static str,
    signals: Signals,
}

#[async_trait(?Send)]
impl Lock for Signalled {
    type Hand = Link;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about);
        match self.signals {
            Signals::BeforeDelete => card.breaks_under(&["none", "pause"], LOST_WAKE_UP),
            Signals::WithDelete => card.holds_under(&["none"]).breaks_under(&["crash"], LOST_WAKE_UP),
            Signals::WithDeleteAndLimit => {
                card.holds_under(&["none", "crash", "lost-reply"]).breaks_under(&["pause"], TWO_HOLDERS)
            }
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let seconds = if self.signals == Signals::WithDeleteAndLimit { "0.1" } else { "0" };
        while !set_nx_px(redis).await? {
            let _: redis::Value = redis.send(redis::cmd("BLPOP").arg(SIGNAL).arg(seconds)).await?;
        }
        Ok(true)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.increment().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        if self.signals == Signals::BeforeDelete {
            let _: i64 = redis.send(redis::cmd("RPUSH").arg(SIGNAL).arg("free")).await?;
            return Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?);
        }
        let owner = redis.owner();
        Ok(redis.eval(DELETE_AND_PUSH, KEY, &[&owner, SIGNAL]).await?)
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(Published {
            name: "lock/subscribe-after-failure",
            about: "Whoever finds the lock taken subscribes to its release and waits for the message. If the lock is given \
                    back before the subscription, the message has no receiver and the wait no end.",
            subscribes: Subscribes::AfterFailure,
        })),
        Arc::new(Guarded(Published {
            name: "lock/subscribe-first",
            about: "Each worker subscribes to the lock's release first and tries then, so no release escapes it. A \
                    holder that crashes publishes nothing, and its lock ends without a word.",
            subscribes: Subscribes::First,
        })),
        Arc::new(Guarded(Published {
            name: "lock/subscribe-first-with-limit",
            about: "Each worker subscribes to the lock's release first, and tries again at the latest when a lease must \
                    have ended. It finds the lock free after a release and after a crash.",
            subscribes: Subscribes::FirstWithLimit,
        })),
        Arc::new(Guarded(Signalled {
            name: "lock/signal-before-delete",
            about: "The holder pushes an item for those who wait and deletes the lock afterwards. The one who is woken \
                    finds the lock taken and waits for an item that nobody will push.",
            signals: Signals::BeforeDelete,
        })),
        Arc::new(Guarded(Signalled {
            name: "lock/signal-with-delete",
            about: "The holder deletes the lock and pushes an item for those who wait in one script. A holder that \
                    crashes pushes nothing, and those who wait without a limit wait for ever.",
            signals: Signals::WithDelete,
        })),
        Arc::new(Guarded(Signalled {
            name: "lock/signal-with-delete-and-limit",
            about: "The holder deletes the lock and pushes an item in one script, and waiters wait no longer than a \
                    lease lasts. Whoever is not woken finds the lock free by itself.",
            signals: Signals::WithDeleteAndLimit,
        })),
    ]
}
