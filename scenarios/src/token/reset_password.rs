//! Owns the reset of a password by a link, and the link that is alive after it has been used.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::OperationEnd;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::anomaly::ALIVE_AFTER_USE;
use crate::card::{Details, per_model};
use crate::operations::done;
use crate::rows;

/// The operation of whoever finds the link in an old mail.
const RESET_IN_THE_END: &str = "reset in the end";

/// Where the link is, and when it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// In Redis, with a `DEL` behind the new password.
    ///
    /// ```text
    /// A                               somebody who finds the mail
    /// GET link -> ann
    /// UPDATE password of Ann
    /// (crashes)
    ///                                 GET link -> ann
    ///                                 UPDATE password of Ann     Ann's account is taken
    /// ```
    Afterwards,
    /// In Postgres, in the transaction that sets the new password.
    WithPassword,
}

struct Reset(Ended);

const AFTERWARDS: &str = "A reset looks the link up in Redis, sets the new password in Postgres and then deletes the link. If it dies \
                          before the DEL, the link works again for whoever finds the mail.";
const WITH_PASSWORD: &str = "A reset marks the link as used, if it is not, and sets the new password in one transaction. Whatever \
                             breaks, a password that was set has used its link up.";

impl Reset {
    /// Sets the password to the worker's name; whether the link was good.
    async fn reset(&self, worker: &Worker) -> Result<bool> {
        let set = "UPDATE users SET password = $1, resets = resets + 1 WHERE name = 'ann'";
        let password = worker.id().to_string();
        let mut postgres = worker.postgres().await?;
        if self.0 == Ended::Afterwards {
            let mut redis = worker.redis().await?;
            let user: Option<String> = redis.get("link").await?;
            if user.is_none() {
                return Ok(false);
            }
            postgres.execute(set, &[&password]).await?;
            let _: i64 = redis.del("link").await?;
            return Ok(true);
        }
        let transaction = postgres.transaction().await?;
        let mark = "UPDATE links SET used = 1 WHERE id = 1 AND used = 0";
        let is_good = transaction.execute(mark, &[]).await? == 1;
        if is_good {
            transaction.execute(set, &[&password]).await?;
        }
        transaction.commit().await?;
        Ok(is_good)
    }

    async fn told(&self, worker: &Worker, name: &str) {
        let reset = worker.invoke(name, "link 1");
        match self.reset(worker).await {
            Ok(true) => reset.ok("password set"),
            Ok(false) => reset.refused("no such link"),
            Err(error) => reset.unknown(error),
        }
    }
}

#[async_trait(?Send)]
impl Scenario for Reset {
    fn card(&self) -> Card {
        let card = match self.0 {
            Ended::Afterwards => per_model("token/link-deleted-afterwards", AFTERWARDS)
                .on_both()
                .holds_under(&["none"])
                .breaks_under(&["crash", "drop"], ALIVE_AFTER_USE),
            Ended::WithPassword => per_model("token/link-used-with-password", WITH_PASSWORD)
                .on(&[postgres::NAME])
                .holds_under(&["none", "crash", "lost-reply", "drop"]),
        };
        card.workers(1)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables =
            "CREATE TABLE users (name text PRIMARY KEY, password text NOT NULL, resets int NOT NULL);
                      INSERT INTO users VALUES ('ann', 'old', 0)";
        stores.postgres().batch_execute(tables).await?;
        if self.0 == Ended::Afterwards {
            return Ok(stores.redis().set_ex("link", "ann", 3_600).await?);
        }
        let links =
            "CREATE TABLE links (id int PRIMARY KEY, used int NOT NULL); INSERT INTO links VALUES (1, 0)";
        Ok(stores.postgres().batch_execute(links).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        self.told(&worker, "reset").await;
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.told(&worker, RESET_IN_THE_END).await;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![
            Invariant::new("a link sets one password at most", |view: &View<'_>| {
                match rows::sum(view, "users", "resets") {
                    0 | 1 => Ok(()),
                    resets => Err(format!("it has set {resets}: {}", view.state)),
                }
            }),
            Invariant::new("a link that nobody has used works", |view: &View<'_>| {
                let is_refused = view.operations.iter().any(|reset| {
                    reset.name == RESET_IN_THE_END && matches!(reset.end, OperationEnd::Refused(_))
                });
                match rows::sum(view, "users", "resets") {
                    0 if is_refused && done(view, "reset") == 0 => {
                        Err(format!("it was refused, and no password was set: {}", view.state))
                    }
                    _ => Ok(()),
                }
            }),
        ]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Reset(Ended::Afterwards)), Arc::new(Reset(Ended::WithPassword))]
}
