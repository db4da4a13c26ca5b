//! Owns the session that one request ends while another one is about to save it.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::fields::{LASTS_S, SESSION};
use crate::anomaly::RESURRECTION;
use crate::card::{Details, broken, correct, per_model};
use crate::script::{eval, send};

/// Sets a field of a session that there is.
const HSET_EXISTING: &str = "
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'seen', ARGV[1])
return 1
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    /// `GET`, then `SET`.
    ///
    /// ```text
    /// A (any request)           B (logs out)
    /// GET session -> ann
    ///                           DEL session
    /// SET session ann                           Ann is logged in again
    /// ```
    Set,
    /// `GET`, then `SET XX`.
    SetExisting,
    /// `EXISTS`, then `HSET` of one field, which makes the hash anew.
    ///
    /// ```text
    /// A (any request)           B (logs out)
    /// EXISTS session -> 1
    ///                           DEL session
    /// HSET session seen                         a session of nobody, for ever
    /// ```
    Hset,
    /// `HSET`, if there is a session, in a script.
    HsetExisting,
}

struct Logout(Saved);

const SET: &str = "Each request reads the session and saves it with SET when it is done; a logout deletes it. A request that has read the \
                   session before the logout saves it behind, and the visitor is logged in again.";
const SET_EXISTING: &str = "Each request reads the session and saves it with SET XX when it is done; a logout deletes it. A session that is \
                            gone is not made anew.";
const HSET: &str = "Each request looks whether there is a session and sets a field of it with HSET; a logout deletes it. HSET makes a \
                    hash that is not there, so a logout in between leaves a session that nobody ends.";
const HSET_EXISTING_ABOUT: &str = "Each request sets a field of the session by a script that looks whether there is one; a logout deletes it. Nothing \
                                   comes between the look and the HSET.";

impl Logout {
    /// Whether there was a session to be saved.
    async fn save(&self, redis: &mut MultiplexedConnection, seen: &str) -> Result<bool> {
        match self.0 {
            Saved::Set | Saved::SetExisting => {
                let session: Option<String> = redis.get(SESSION).await?;
                let Some(session) = session else { return Ok(false) };
                let mut set = vec!["SET", SESSION, &session, "EX", LASTS_S];
                if self.0 == Saved::SetExisting {
                    set.push("XX");
                }
                Ok(send::<Option<String>>(redis, &set).await?.is_some())
            }
            Saved::Hset => {
                let exists: bool = redis.exists(SESSION).await?;
                if exists {
                    let _: i64 = redis.hset(SESSION, "seen", seen).await?;
                }
                Ok(exists)
            }
            Saved::HsetExisting => Ok(eval(redis, HSET_EXISTING, &[SESSION], &[seen]).await?),
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Logout {
    fn card(&self) -> Card {
        let existing = ["none", "pause", "crash", "lost-reply"];
        match self.0 {
            Saved::Set => broken("session/set-after-logout", SET, RESURRECTION).on_redis(),
            Saved::SetExisting => per_model("session/set-xx", SET_EXISTING).workers(3).holds_under(&existing),
            Saved::Hset => broken("session/hset-after-logout", HSET, RESURRECTION).on_redis(),
            Saved::HsetExisting => correct("session/hset-lua", HSET_EXISTING_ABOUT).on_redis().workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let redis = stores.redis();
        match self.0 {
            Saved::Set | Saved::SetExisting => {
                Ok(send(redis, &["SET", SESSION, "ann", "EX", LASTS_S]).await?)
            }
            Saved::Hset | Saved::HsetExisting => {
                let _: i64 = redis.hset(SESSION, "user", "ann").await?;
                Ok(redis.expire(SESSION, 3_600).await?)
            }
        }
    }

    /// Worker A logs out.
    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            let logout = worker.invoke("logout", "");
            let _: i64 = redis.del(SESSION).await?;
            logout.ok("logged out");
            return Ok(());
        }
        let save = worker.invoke("save", "");
        if self.save(&mut redis, &worker.id().to_string()).await? {
            save.ok("saved");
        } else {
            save.refused("no session");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("who has logged out stays logged out", |view: &View<'_>| {
            match view.state.get(SESSION) {
                Some(session) if view.count("logout") > 0 => Err(format!("the session is {session}")),
                _ => Ok(()),
            }
        })]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Saved::Set, Saved::SetExisting, Saved::Hset, Saved::HsetExisting];
    every.into_iter().map(|saved| Arc::new(Logout(saved)) as Arc<dyn Scenario>).collect()
}
