//! Owns the filter that is made anew from the table, since bits cannot be taken out.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::GenericClient;

use super::bits::{FILTER, add};
use super::sign_up::{LOOK_UP, look_up, no_false_negative};
use crate::anomaly::FALSE_NEGATIVE;
use crate::card::{Details, broken, correct};

/// Where the next filter is built.
const NEXT: &str = "filter:next";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rebuilt {
    /// Deleted and filled again, while others read it.
    ///
    /// ```text
    /// A (rebuilds)               B
    /// DEL filter
    ///                            GETBIT 1 -> 0      "there is no Ann"
    /// EVAL add ann
    /// ```
    InPlace,
    /// Built beside it and renamed.
    Renamed,
    /// The same, while others sign up.
    ///
    /// ```text
    /// A (rebuilds)               B (Bob signs up)
    /// SELECT users -> ann
    ///                            EVAL add bob to filter
    ///                            INSERT bob
    /// EVAL add ann to next
    /// RENAME next filter                            Bob's bits are gone
    /// ```
    RenamedUnderSignUps,
    /// The same; the table is locked against sign-ups, which set their bits in the transaction of their row.
    Locked,
}

struct Rebuild(Rebuilt);

const IN_PLACE: &str = "A rebuild deletes the filter and sets the bits of everybody in the table. Until it is done, the filter says of \
                        members that they are certainly none.";
const RENAMED: &str = "A rebuild fills a new filter beside the old one and renames it. A reader who has read a bit of the old one reads the \
                       next of the new one, and a member's bits are set in both.";
const UNDER_SIGN_UPS: &str = "A rebuild reads the table, fills a new filter and renames it, while sign-ups set bits in the old filter and then \
                              insert their row. Who signs up behind the read and before the rename is in the table and not in the filter.";
const LOCKED: &str = "A rebuild locks the table in SHARE mode until it has renamed the new filter, and a sign-up sets its bits in the \
                      transaction that inserts its row. Each sign-up is over before the rebuild reads the table, or begins when it is done.";

impl Rebuild {
    async fn fill(&self, redis: &mut MultiplexedConnection, table: &impl GenericClient, key: &str) -> Result {
        for row in table.query("SELECT name FROM users ORDER BY name", &[]).await? {
            add(redis, key, row.try_get(0)?).await?;
        }
        Ok(())
    }

    async fn rebuild(&self, worker: &Worker) -> Result {
        let (mut redis, mut postgres) = (worker.redis().await?, worker.postgres().await?);
        match self.0 {
            Rebuilt::InPlace => {
                let _: i64 = redis.del(FILTER).await?;
                self.fill(&mut redis, &postgres, FILTER).await
            }
            Rebuilt::Renamed | Rebuilt::RenamedUnderSignUps => {
                self.fill(&mut redis, &postgres, NEXT).await?;
                Ok(redis.rename(NEXT, FILTER).await?)
            }
            Rebuilt::Locked => {
                let transaction = postgres.transaction().await?;
                transaction.batch_execute("LOCK TABLE users IN SHARE MODE").await?;
                self.fill(&mut redis, &transaction, NEXT).await?;
                let () = redis.rename(NEXT, FILTER).await?;
                Ok(transaction.commit().await?)
            }
        }
    }

    async fn sign_up(&self, worker: &Worker) -> Result {
        let (mut redis, mut postgres) = (worker.redis().await?, worker.postgres().await?);
        let sign_up = worker.invoke("sign up", "bob");
        let insert = "INSERT INTO users VALUES ('bob')";
        if self.0 == Rebuilt::Locked {
            let transaction = postgres.transaction().await?;
            transaction.execute(insert, &[]).await?;
            add(&mut redis, FILTER, "bob").await?;
            transaction.commit().await?;
        } else {
            add(&mut redis, FILTER, "bob").await?;
            postgres.execute(insert, &[]).await?;
        }
        sign_up.ok("welcome");
        Ok(())
    }

    /// Whether somebody signs up during the rebuild; else somebody reads.
    fn has_sign_up(&self) -> bool {
        matches!(self.0, Rebuilt::RenamedUnderSignUps | Rebuilt::Locked)
    }

    async fn look(&self, worker: &Worker) -> Result {
        let user = if self.has_sign_up() { "bob" } else { "ann" };
        let look = worker.invoke(LOOK_UP, user);
        look.ok(look_up(worker, user).await?);
        Ok(())
    }
}

#[async_trait(?Send)]
impl Scenario for Rebuild {
    fn card(&self) -> Card {
        let card = match self.0 {
            Rebuilt::InPlace => broken("bloom-filter/rebuild-in-place", IN_PLACE, FALSE_NEGATIVE),
            Rebuilt::Renamed => correct("bloom-filter/rebuild-renamed", RENAMED),
            Rebuilt::RenamedUnderSignUps => {
                broken("bloom-filter/rebuild-under-sign-ups", UNDER_SIGN_UPS, FALSE_NEGATIVE)
            }
            Rebuilt::Locked => correct("bloom-filter/rebuild-locked", LOCKED),
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE users (name text PRIMARY KEY); INSERT INTO users VALUES ('ann')";
        stores.postgres().batch_execute(table).await?;
        add(stores.redis(), FILTER, "ann").await?;
        add(stores.redis(), FILTER, "cid").await?;
        Ok(())
    }

    /// Worker A rebuilds.
    async fn work(&self, worker: Worker) -> Result {
        match worker.index() {
            0 => self.rebuild(&worker).await,
            _ if self.has_sign_up() => self.sign_up(&worker).await,
            _ => self.look(&worker).await,
        }
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// Somebody looks when all is done.
    async fn aftermath(&self, worker: Worker) -> Result {
        self.look(&worker).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_false_negative()]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    let every = [Rebuilt::InPlace, Rebuilt::Renamed, Rebuilt::RenamedUnderSignUps, Rebuilt::Locked];
    every.into_iter().map(|rebuilt| Arc::new(Rebuild(rebuilt)) as Arc<dyn Scenario>).collect()
}
