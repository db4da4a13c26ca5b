//! Owns the token whose validity is cached, and the logout after which nobody may accept it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::clock::EPOCH;
use raceproof::history::Operation;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use super::record::Hand;
use crate::anomaly::{BROKEN_ACCESS, STALE_ENTRY};
use crate::card::{Details, broken, correct};

/// Says that the token was found valid.
const VALID: &str = "valid:token";
/// Says that it was revoked.
const REVOKED: &str = "revoked:token";
const VALID_S: u64 = 60;
/// When the token itself ends.
const END: Duration = EPOCH.saturating_add(Duration::from_secs(3_600));

/// The operation of whoever uses the token.
const REQUEST: &str = "request";
/// The operation that revokes it.
const LOGOUT: &str = "log out";

/// What a logout does beside revoking the token in the database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Logout {
    /// Nothing.
    ///
    /// ```text
    /// A                               B
    /// SELECT revoked -> false
    /// SET valid:token EX 60
    ///                                 UPDATE revoked
    /// GET valid:token -> accepted
    /// ```
    RowOnly,
    /// It deletes what is cached.
    ///
    /// ```text
    /// A                               B
    /// SELECT revoked -> false
    ///                                 UPDATE revoked
    ///                                 DEL valid:token
    /// SET valid:token EX 60
    /// GET valid:token -> accepted
    /// ```
    Deletes,
    /// It lists the token as revoked until the token ends by itself, and requests look at the list first.
    Lists,
}

struct Session {
    logout: Logout,
}

impl Session {
    /// Whether the token is accepted.
    async fn accepts(&self, worker: &Worker, hand: &mut Hand) -> Result<bool> {
        if self.logout == Logout::Lists {
            let (revoked, valid): (Option<String>, Option<String>) =
                hand.redis.mget(&[REVOKED, VALID]).await?;
            // The clock is looked at after the list, whose entry ends when the token does.
            if revoked.is_some() || worker.now() >= END {
                return Ok(false);
            }
            if valid.is_some() {
                return Ok(true);
            }
        } else if hand.redis.exists(VALID).await? {
            return Ok(true);
        }
        let row = hand.postgres.query_one("SELECT revoked FROM tokens WHERE id = 1", &[]).await?;
        if row.try_get(0)? {
            return Ok(false);
        }
        let () = hand.redis.set_ex(VALID, 1, VALID_S).await?;
        Ok(true)
    }

    async fn log_out(&self, hand: &mut Hand) -> Result {
        hand.postgres.execute("UPDATE tokens SET revoked = true WHERE id = 1", &[]).await?;
        match self.logout {
            Logout::RowOnly => Ok(()),
            Logout::Deletes => Ok(hand.redis.del(VALID).await?),
            Logout::Lists => {
                let mut set = redis::cmd("SET");
                set.arg(REVOKED).arg(1).arg("PXAT").arg(u64::try_from(END.as_millis())?);
                Ok(set.exec_async(&mut hand.redis).await?)
            }
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Session {
    fn card(&self) -> Card {
        let card = match self.logout {
            Logout::RowOnly => {
                let about = "A request that finds its token valid caches that for a minute, and a logout changes the row in the \
                             database. For the rest of the minute the token is accepted by whoever looks into the cache.";
                broken("cache/revoked-token-cached", about, BROKEN_ACCESS)
            }
            Logout::Deletes => {
                let about = "A logout changes the row and deletes the cached validity of its token. A request that has read the \
                             row before caches the token as valid again, and the next one is accepted.";
                broken("cache/revoked-token-filled-in", about, STALE_ENTRY)
            }
            Logout::Lists => {
                let about = "A logout lists the token as revoked until it ends by itself, and a request reads the list together \
                             with the cached validity. Whatever is filled in late, the list is looked at first.";
                correct("cache/revocation-list", about)
            }
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE tokens (id int PRIMARY KEY, revoked boolean NOT NULL);
                     INSERT INTO tokens VALUES (1, false)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut hand = Hand::of(&worker).await?;
        if worker.index() > 0 {
            let logout = worker.invoke(LOGOUT, "");
            self.log_out(&mut hand).await?;
            logout.ok("done");
            return Ok(());
        }
        for _ in 0..2 {
            let request = worker.invoke(REQUEST, "");
            if self.accepts(&worker, &mut hand).await? {
                request.ok("accepted");
            } else {
                request.refused("not logged in");
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "no request that begins after the logout was acknowledged is accepted";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let over = view.done(LOGOUT).find_map(|logout| logout.returned);
            let is_late = |request: &&Operation| over.is_some_and(|over| over < request.invoked);
            let late = view.done(REQUEST).find(is_late);
            late.map_or(Ok(()), |request| Err(format!("{} was accepted: {}", request.worker, view.state)))
        })]
    }
}

/// Every cache of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let of = |logout| -> Arc<dyn Scenario> { Arc::new(Session { logout }) };
    vec![of(Logout::RowOnly), of(Logout::Deletes), of(Logout::Lists)]
}
