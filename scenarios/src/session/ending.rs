//! Owns the session whose time is over while a request is about to save it.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::fields::{LASTS_S, SESSION};
use crate::anomaly::RESURRECTION;
use crate::card::{Details, per_model};
use crate::script::send;

/// A save that leaves the session's end where it is.
struct KeepTtl {
    /// Whether only a session that there is is saved.
    ///
    /// ```text
    /// A
    /// GET session -> ann
    ///    (the session ends)
    /// SET session ann KEEPTTL        there is no TTL to keep: a session without end
    /// ```
    is_existing: bool,
}

#[async_trait(?Send)]
impl Scenario for KeepTtl {
    fn card(&self) -> Card {
        if self.is_existing {
            let about = "Each request reads the session and saves it with SET XX KEEPTTL. A session that has ended in between is \
                         not made anew.";
            per_model("session/keepttl-xx", about).holds_under(&["none", "pause"])
        } else {
            let about = "Each request reads the session and saves it with SET KEEPTTL, so that it ends when it was to. A session \
                         that has ended in between is made anew, and has no end to keep.";
            per_model("session/keepttl", about).holds_under(&["none"]).breaks_under(&["pause"], RESURRECTION)
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(send(stores.redis(), &["SET", SESSION, "ann", "EX", LASTS_S]).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let save = worker.invoke("save", "");
        let session: Option<String> = redis.get(SESSION).await?;
        let Some(session) = session else {
            save.refused("no session");
            return Ok(());
        };
        let mut set = vec!["SET", SESSION, &session, "KEEPTTL"];
        if self.is_existing {
            set.push("XX");
        }
        match send::<Option<String>>(&mut redis, &set).await? {
            Some(_) => save.ok("saved"),
            None => save.refused("no session"),
        }
        Ok(())
    }

    fn always(&self) -> Vec<Invariant> {
        vec![Invariant::new("every session ends by itself", |view: &View<'_>| {
            match view.state.get(SESSION) {
                Some(session) if !view.state.expires(SESSION) => {
                    Err(format!("`{SESSION}` is {session} and has no end"))
                }
                _ => Ok(()),
            }
        })]
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(KeepTtl { is_existing: false }), Arc::new(KeepTtl { is_existing: true })]
}
