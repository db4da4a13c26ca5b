//! Owns the locks that are a row of a table in Postgres: with a time limit or without, found first or inserted at once.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario};

use super::guarded::{Guarded, Hand, Lock};
use super::session::Session;
use crate::anomaly::{CHECK_THEN_ACT, RACE_INSIDE_INSERT, STRANDED_LOCK, TWO_HOLDERS};
use crate::card::{Details, per_model};

/// How the row is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `SELECT`, compare, `UPDATE`.
    ///
    /// ```text
    /// A                          B
    /// SELECT expires -> past
    ///                            SELECT expires -> past
    /// UPDATE owner = A           UPDATE owner = B         both hold it
    /// ```
    CheckThenUpdate,
    /// `UPDATE … WHERE expires <= now()`.
    Conditional,
    /// The same, with a version that the resource compares.
    Fenced,
    /// `INSERT` of a unique name; it is given back with `DELETE`, and has no time limit.
    ///
    /// ```text
    /// A                          B
    /// INSERT -> 1
    /// (crashes)
    ///                            INSERT -> 0, for ever
    /// ```
    UniqueInsert,
    /// The same, but a row that has expired is taken over.
    UniqueInsertWithLimit,
    /// `INSERT … WHERE NOT EXISTS`, with nothing that is unique.
    ///
    /// ```text
    /// A                          B
    /// INSERT … WHERE NOT EXISTS: sees none
    ///                            INSERT … WHERE NOT EXISTS: sees none, inserts
    /// … inserts                  both hold it
    /// ```
    NotExists,
}

struct LeaseRow {
    name: &'static str,
    about: &'static str,
    taken: Taken,
}

const LIMIT: &str = "interval '100 milliseconds'";
const READ_FENCED: &str = "UPDATE resource SET fence = $1 WHERE id = 1 AND fence <= $1 RETURNING n";
const WRITE_FENCED: &str = "UPDATE resource SET n = $2 WHERE id = 1 AND fence = $1";

impl LeaseRow {
    async fn check_then_update(&self, session: &mut Session, owner: &str) -> Result<bool> {
        let is_free = session.says("SELECT expires <= now() FROM locks WHERE name = 'lock'").await?;
        if is_free {
            let take = format!("UPDATE locks SET owner = $1, expires = now() + {LIMIT} WHERE name = 'lock'");
            session.execute(&take, &[&owner]).await?;
        }
        Ok(is_free)
    }

    /// Takes the row if its time is over, and counts its versions up.
    async fn update(&self, session: &mut Session, owner: &str) -> Result<bool> {
        let take = format!(
            "UPDATE locks SET owner = $1, expires = now() + {LIMIT}, version = version + 1
             WHERE name = 'lock' AND expires <= now() RETURNING version"
        );
        let row = session.client().await?.query_opt(&take, &[&owner]).await?;
        if let Some(row) = &row {
            session.version = row.try_get(0)?;
        }
        Ok(row.is_some())
    }

    async fn insert(&self, session: &mut Session, owner: &str) -> Result<bool> {
        let or_else = match self.taken {
            Taken::UniqueInsert => "ON CONFLICT (name) DO NOTHING",
            _ => {
                "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires = excluded.expires
                 WHERE locks.expires <= now()"
            }
        };
        let insert = format!(
            "INSERT INTO locks (name, owner, expires) VALUES ('lock', $1, now() + {LIMIT}) {or_else}"
        );
        Ok(session.execute(&insert, &[&owner]).await? == 1)
    }
}

#[async_trait(?Send)]
impl Lock for LeaseRow {
    type Hand = Session;

    fn card(&self) -> Card {
        let card = per_model(self.name, self.about).on(&[postgres::NAME]);
        match self.taken {
            Taken::CheckThenUpdate => card.breaks_under(&["none"], CHECK_THEN_ACT),
            Taken::Conditional => card
                .holds_under(&["none", "crash", "lost-reply", "drop", "error", "restart"])
                .breaks_under(&["pause"], TWO_HOLDERS),
            Taken::UniqueInsertWithLimit => card
                .holds_under(&["none", "crash", "lost-reply", "drop", "error"])
                .breaks_under(&["pause"], TWO_HOLDERS),
            Taken::Fenced => card.holds_under(&["none", "pause", "crash", "lost-reply", "drop", "error"]),
            Taken::UniqueInsert => card
                .holds_under(&["none", "pause"])
                .breaks_under(&["crash", "lost-reply", "drop", "error", "restart"], STRANDED_LOCK),
            Taken::NotExists => card.within_statements().breaks_under(&["none"], RACE_INSIDE_INSERT),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let unique = if self.taken == Taken::NotExists { "" } else { "PRIMARY KEY" };
        let table = format!(
            "CREATE TABLE locks (name text {unique}, owner text NOT NULL, expires timestamptz NOT NULL,
                                 version bigint NOT NULL DEFAULT 0)"
        );
        stores.postgres().batch_execute(&table).await?;
        if matches!(self.taken, Taken::CheckThenUpdate | Taken::Conditional | Taken::Fenced) {
            let free = "INSERT INTO locks VALUES ('lock', 'nobody', '-infinity')";
            stores.postgres().batch_execute(free).await?;
        }
        Ok(())
    }

    async fn acquire(&self, session: &mut Session) -> Result<bool> {
        let owner = session.worker().id().to_string();
        match self.taken {
            Taken::CheckThenUpdate => self.check_then_update(session, &owner).await,
            Taken::Conditional | Taken::Fenced => self.update(session, &owner).await,
            Taken::UniqueInsert | Taken::UniqueInsertWithLimit => self.insert(session, &owner).await,
            Taken::NotExists => {
                let insert = "INSERT INTO locks (name, owner, expires) SELECT 'lock', $1, 'infinity'
                              WHERE NOT EXISTS (SELECT FROM locks WHERE name = 'lock')";
                Ok(session.execute(insert, &[&owner]).await? == 1)
            }
        }
    }

    async fn work(&self, session: &mut Session) -> Result<bool> {
        if self.taken != Taken::Fenced {
            let value = session.read().await?;
            session.write(value + 1).await?;
            return Ok(true);
        }
        let version = session.version;
        let Some(row) = session.same()?.query_opt(READ_FENCED, &[&version]).await? else { return Ok(false) };
        let value = row.try_get::<_, i32>(0)? + 1;
        Ok(session.same()?.execute(WRITE_FENCED, &[&version, &value]).await? == 1)
    }

    /// Only one's own row is given back.
    async fn release(&self, session: &mut Session) -> Result {
        let owner = session.worker().id().to_string();
        let give_back = match self.taken {
            Taken::CheckThenUpdate | Taken::Conditional | Taken::Fenced => {
                "UPDATE locks SET expires = '-infinity' WHERE name = 'lock' AND owner = $1"
            }
            _ => "DELETE FROM locks WHERE name = 'lock' AND owner = $1",
        };
        session.execute(give_back, &[&owner]).await.map(|_| ())
    }

    /// With a fence two may believe that they hold the lock: what is promised is what becomes of the resource.
    fn always(&self) -> Vec<Invariant> {
        match self.taken {
            Taken::Fenced => Vec::new(),
            _ => vec![super::promises::mutual_exclusion()],
        }
    }
}

/// Every lock of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-lease-check-then-update",
            about: "Each worker reads when the lease in a row ends, and writes its own if that is past. Two read the \
                    same and both write.",
            taken: Taken::CheckThenUpdate,
        })),
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-lease-conditional",
            about: "Each worker takes the lease with one UPDATE whose WHERE compares its end with now(), and looks at \
                    the row count. One of two gets it; who pauses longer than the lease is not alone.",
            taken: Taken::Conditional,
        })),
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-lease-fenced",
            about: "The lease has a version that goes up whenever it is taken, and what it protects remembers the \
                    greatest one. Who pauses longer than the lease finds its writes refused.",
            taken: Taken::Fenced,
        })),
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-unique-insert",
            about: "The lock is a row with a unique name: whoever inserts it has it, and deletes it afterwards. A \
                    holder that crashes leaves it for ever.",
            taken: Taken::UniqueInsert,
        })),
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-unique-insert-with-limit",
            about: "The lock is a row with a unique name and an end, and INSERT … ON CONFLICT takes over one that has \
                    ended. It survives a crash, and is a lease like every lock with a time limit.",
            taken: Taken::UniqueInsertWithLimit,
        })),
        Arc::new(Guarded(LeaseRow {
            name: "lock/pg-insert-where-not-exists",
            about: "The lock is a row that is inserted WHERE NOT EXISTS one, with no unique name. Two statements look \
                    for it before either has inserted it.",
            taken: Taken::NotExists,
        })),
    ]
}
