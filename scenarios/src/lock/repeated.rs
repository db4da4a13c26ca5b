//! Owns what becomes of locks whose requests are sent again because the first answer did not come, or are not.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View};
use redis::Script;

use super::guarded::{Guarded, Hand, KEY, Lock, TTL_MS};
use super::link::Link;
use super::promises::{free_when_given_back, mutual_exclusion};
use super::session::Session;
use super::set_nx_px::{DELETE_OWN, delete_own, set_nx_px};
use crate::anomaly::{FOREIGN_RELEASE, STRANDED_LOCK};
use crate::card::{Details, per_model};
use crate::rows;

/// How often a release is tried at most.
const RELEASES_MAX: u32 = 3;
/// Takes the lock if it is free, or finds that it is the owner's already.
const SET_OR_OWN: &str = "
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
";

/// The request for a lock, which is sent again if no answer comes.
///
/// ```text
/// A                                   B
/// SET lock NX PX -> (OK, but the answer is lost)
/// SET lock NX PX -> nil               SET lock NX PX -> nil     nobody has it
/// ```
struct AcquireAgain {
    knows_own: bool,
}

#[async_trait(?Send)]
impl Lock for AcquireAgain {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.knows_own {
            let about = "A worker that gets no answer asks for the lock again, with a script that takes the lock if it \
                         is free or its own already. It finds what it has taken before.";
            per_model("lock/acquire-again-by-owner", about).holds_under(&[
                "none",
                "lost-reply",
                "drop",
                "error",
            ])
        } else {
            let about = "A worker that gets no answer asks for the lock again, and takes the lock that it has made itself \
                         for somebody else's. Nobody holds it until its time limit passes.";
            per_model("lock/acquire-again", about)
                .holds_under(&["none", "drop", "error"])
                .breaks_under(&["lost-reply"], STRANDED_LOCK)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        if !self.knows_own {
            return set_nx_px(redis).await;
        }
        let (owner, ttl) = (redis.owner(), TTL_MS.to_string());
        Ok(redis.eval(SET_OR_OWN, KEY, &[&owner, &ttl]).await?)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        patiently(redis, true).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![free_when_given_back(KEY)]
    }

    fn has_aftermath(&self) -> bool {
        false
    }
}

/// Sends the release until it is answered.
async fn patiently(redis: &mut Link, is_owners_only: bool) -> Result {
    for _ in 1..RELEASES_MAX {
        if release_once(redis, is_owners_only).await.is_ok() {
            return Ok(());
        }
    }
    release_once(redis, is_owners_only).await
}

async fn release_once(redis: &mut Link, is_owners_only: bool) -> Result {
    if is_owners_only {
        return delete_own(redis).await;
    }
    Ok(redis.send(redis::cmd("DEL").arg(KEY)).await?)
}

/// The release, which is sent again if no answer comes.
///
/// ```text
/// A                                B                    C
/// SET NX PX -> OK
/// DEL -> (1, but the answer is lost)
///                                  SET NX PX -> OK
/// DEL -> 1
///                                                       SET NX PX -> OK     B and C hold it
/// ```
struct ReleaseAgain {
    is_owners_only: bool,
}

#[async_trait(?Send)]
impl Lock for ReleaseAgain {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.is_owners_only {
            let about = "A worker whose release is not answered sends it again, as a script that deletes only its own \
                         lock. Sent twice it does what it does once.";
            per_model("lock/release-again-lua", about).workers(3).holds_under(&["none", "lost-reply"])
        } else {
            let about = "A worker whose release is not answered sends DEL again. If the first one was executed, the second \
                         deletes the lock of whoever came next.";
            per_model("lock/release-again-del", about)
                .workers(3)
                .holds_under(&["none"])
                .breaks_under(&["lost-reply"], FOREIGN_RELEASE)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        set_nx_px(redis).await
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        patiently(redis, self.is_owners_only).await
    }

    fn always(&self) -> Vec<Invariant> {
        vec![mutual_exclusion()]
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }

    fn has_aftermath(&self) -> bool {
        false
    }
}

/// A release that may be refused.
struct ReleaseRefused {
    is_retried: bool,
}

#[async_trait(?Send)]
impl Lock for ReleaseRefused {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.is_retried {
            let about = "A release that is refused, because Redis is loading, busy or a replica for a moment, is sent \
                         again. The lock is free when its holder has given it back.";
            per_model("lock/release-error-retried", about).holds_under(&[
                "none",
                "error",
                "lost-reply",
                "drop",
            ])
        } else {
            let about = "The holder does not look whether its release was refused, because Redis was loading, busy or a \
                         replica for a moment. Nobody holds the lock, and nobody can take it.";
            per_model("lock/release-error-ignored", about)
                .holds_under(&["none", "lost-reply"])
                .breaks_under(&["error", "drop"], STRANDED_LOCK)
        }
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let (owner, ttl) = (redis.owner(), TTL_MS.to_string());
        Ok(redis.eval(SET_OR_OWN, KEY, &[&owner, &ttl]).await?)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    async fn release(&self, redis: &mut Link) -> Result {
        if self.is_retried {
            return patiently(redis, true).await;
        }
        let _ = delete_own(redis).await;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![free_when_given_back(KEY)]
    }

    fn has_aftermath(&self) -> bool {
        false
    }
}

/// The same with a row in Postgres.
struct RowReleaseRefused {
    is_retried: bool,
}

#[async_trait(?Send)]
impl Lock for RowReleaseRefused {
    type Hand = Session;

    fn card(&self) -> Card {
        let codes = ["none", "error", "drop"];
        if self.is_retried {
            let about = "A release that ends with a serialization failure, a deadlock or a session that was ended is \
                         sent again, over a new session if need be. The lock is free when its holder has given it back.";
            per_model("lock/pg-release-error-retried", about).on(&[postgres::NAME]).holds_under(&codes)
        } else {
            let about = "The holder does not look whether its release ended with a serialization failure, a deadlock or the \
                         end of the session. Nobody holds the lock, and nobody can take it.";
            per_model("lock/pg-release-error-ignored", about)
                .on(&[postgres::NAME])
                .holds_under(&codes[..1])
                .breaks_under(&codes[1..], STRANDED_LOCK)
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE locks (name text PRIMARY KEY, owner text NOT NULL);
                     INSERT INTO locks VALUES ('lock', 'nobody')";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn acquire(&self, session: &mut Session) -> Result<bool> {
        let owner = session.worker().id().to_string();
        let take = "UPDATE locks SET owner = $1 WHERE name = 'lock' AND owner IN ('nobody', $1)";
        Ok(session.execute(take, &[&owner]).await? == 1)
    }

    async fn work(&self, session: &mut Session) -> Result<bool> {
        session.read().await.map(|_| true)
    }

    async fn release(&self, session: &mut Session) -> Result {
        let owner = session.worker().id().to_string();
        let give_back = "UPDATE locks SET owner = 'nobody' WHERE name = 'lock' AND owner = $1";
        let tries = if self.is_retried { RELEASES_MAX } else { 1 };
        for _ in 0..tries {
            if session.execute(give_back, &[&owner]).await.is_ok() {
                break;
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a lock that everybody has given back is free", |view: &View<'_>| {
            match rows::count(view, "locks", "owner", "nobody") {
                1 => Ok(()),
                _ => Err(format!("nobody holds it, and the row says otherwise: {}", view.state)),
            }
        })]
    }

    fn has_aftermath(&self) -> bool {
        false
    }
}

/// A release by the digest of a script that Redis may have forgotten.
struct ByDigest {
    sends_script: bool,
}

impl ByDigest {
    async fn release_once(&self, redis: &mut Link) -> Result {
        let (owner, script) = (redis.owner(), Script::new(DELETE_OWN));
        let mut command = redis::cmd("EVALSHA");
        command.arg(script.get_hash()).arg(1).arg(KEY).arg(owner);
        match redis.send::<i64>(&command).await {
            Err(error) if self.sends_script && error.code() == Some("NOSCRIPT") => delete_own(redis).await,
            answer => Ok(answer.map(|_| ())?),
        }
    }
}

#[async_trait(?Send)]
impl Lock for ByDigest {
    type Hand = Link;

    fn card(&self) -> Card {
        if self.sends_script {
            let about = "The release is a script that Redis is asked to run by its digest, and that is sent whole if Redis \
                         does not know it. It works after a restart, too.";
            per_model("lock/evalsha-release-with-script", about).holds_under(&["none", "restart"])
        } else {
            let about = "The release is a script that Redis is asked to run by its digest. A restart forgets scripts but \
                         not locks, and every release after it fails.";
            per_model("lock/evalsha-release", about)
                .holds_under(&["none"])
                .breaks_under(&["restart"], STRANDED_LOCK)
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let load = redis::cmd("SCRIPT").arg("LOAD").arg(DELETE_OWN).to_owned();
        Ok(load.exec_async(stores.redis()).await?)
    }

    async fn acquire(&self, redis: &mut Link) -> Result<bool> {
        let (owner, ttl) = (redis.owner(), TTL_MS.to_string());
        Ok(redis.eval(SET_OR_OWN, KEY, &[&owner, &ttl]).await?)
    }

    async fn work(&self, redis: &mut Link) -> Result<bool> {
        redis.look().await
    }

    /// Sent again if the connection was lost, over a new one.
    async fn release(&self, redis: &mut Link) -> Result {
        match self.release_once(redis).await {
            Ok(()) => Ok(()),
            Err(_) => self.release_once(redis).await,
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![free_when_given_back(KEY)]
    }

    fn has_aftermath(&self) -> bool {
        false
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(AcquireAgain { knows_own: false })),
        Arc::new(Guarded(AcquireAgain { knows_own: true })),
        Arc::new(Guarded(ReleaseAgain { is_owners_only: false })),
        Arc::new(Guarded(ReleaseAgain { is_owners_only: true })),
        Arc::new(Guarded(ReleaseRefused { is_retried: false })),
        Arc::new(Guarded(ReleaseRefused { is_retried: true })),
        Arc::new(Guarded(RowReleaseRefused { is_retried: false })),
        Arc::new(Guarded(RowReleaseRefused { is_retried: true })),
        Arc::new(Guarded(ByDigest { sends_script: false })),
        Arc::new(Guarded(ByDigest { sends_script: true })),
    ]
}
