//! Owns the filter before a table of users: who is certainly none is not looked for there.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::bits::{FILTER, add, add_one_by_one, might_contain};
use crate::anomaly::FALSE_NEGATIVE;
use crate::card::{Details, broken, per_model};
use crate::script::send;

/// The operation of whoever has seen a user and looks them up.
pub(super) const LOOK_UP: &str = "look up";
/// What is told of somebody who is in the table and of whom the filter says that they are not.
pub(super) const UNKNOWN: &str = "in the table, certainly not in the filter";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Added {
    /// The row, then bit by bit.
    ///
    /// ```text
    /// A (Ann signs up)           B (a friend)
    /// INSERT ann
    /// SETBIT 1
    ///                            SELECT ann -> there she is
    ///                            GETBIT 1, GETBIT 10 -> 0     "there is no Ann"
    /// SETBIT 10
    /// ```
    RowFirst,
    /// All bits in a script, then the row.
    BitsFirst,
}

struct SignUp(Added);

const ROW_FIRST: &str = "A sign-up inserts the row and then sets the bits of the filter one at a time. Somebody who sees the new user in a \
                         list and looks them up in between is told that there is no such user, and for ever if the sign-up dies there.";
const BITS_FIRST: &str = "A sign-up sets all bits of the filter in one script and then inserts the row. From the moment when a row can be \
                          seen the filter says perhaps, and a sign-up that dies leaves only a perhaps too many.";

/// What somebody is told of a user who may be in the table.
pub(super) async fn look_up(worker: &Worker, user: &str) -> Result<&'static str> {
    let (mut redis, postgres) = (worker.redis().await?, worker.postgres().await?);
    if postgres.query_opt("SELECT name FROM users WHERE name = $1", &[&user]).await?.is_none() {
        return Ok("not in the table");
    }
    Ok(if might_contain(&mut redis, user).await? { "found" } else { UNKNOWN })
}

/// Whoever is in the table is perhaps a member.
pub(super) fn no_false_negative() -> Invariant {
    Invariant::new("of nobody in the table the filter says that they are certainly not", |view: &View<'_>| {
        let unknown = view.done(LOOK_UP).zip(view.results(LOOK_UP)).find(|(_, told)| *told == UNKNOWN);
        unknown.map_or(Ok(()), |(look, _)| {
            Err(format!(
                "{} saw {} in the table, and the filter did not know them",
                look.worker, look.argument
            ))
        })
    })
}

#[async_trait(?Send)]
impl Scenario for SignUp {
    fn card(&self) -> Card {
        let card = match self.0 {
            Added::RowFirst => broken("bloom-filter/row-before-bits", ROW_FIRST, FALSE_NEGATIVE),
            Added::BitsFirst => per_model("bloom-filter/bits-before-row", BITS_FIRST).holds_under(&[
                "none",
                "crash",
                "lost-reply",
            ]),
        };
        card.on_both()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        stores.postgres().batch_execute("CREATE TABLE users (name text PRIMARY KEY)").await?;
        let _: i64 = send(stores.redis(), &["SETBIT", FILTER, "0", "1"]).await?;
        Ok(())
    }

    /// Worker A signs up.
    async fn work(&self, worker: Worker) -> Result {
        if worker.index() > 0 {
            let look = worker.invoke(LOOK_UP, "ann");
            look.ok(look_up(&worker, "ann").await?);
            return Ok(());
        }
        let (mut redis, postgres) = (worker.redis().await?, worker.postgres().await?);
        let sign_up = worker.invoke("sign up", "ann");
        if self.0 == Added::BitsFirst {
            add(&mut redis, FILTER, "ann").await?;
        }
        postgres.execute("INSERT INTO users VALUES ('ann')", &[]).await?;
        if self.0 == Added::RowFirst {
            add_one_by_one(&mut redis, FILTER, "ann").await?;
        }
        sign_up.ok("welcome");
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// Somebody looks later.
    async fn aftermath(&self, worker: Worker) -> Result {
        let look = worker.invoke(LOOK_UP, "ann");
        look.ok(look_up(&worker, "ann").await?);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_false_negative()]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(SignUp(Added::RowFirst)), Arc::new(SignUp(Added::BitsFirst))]
}
