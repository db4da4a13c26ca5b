//! Owns PMP: two reads of one transaction that ask with a condition see two states of the table.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{table, until_snapshot};
use crate::anomaly::PREDICATE_MANY_PRECEDERS;

/// Predicate-many-preceders.
///
/// ```text
/// A                                  B
/// BEGIN
/// SELECT … WHERE value = 30: none
///                                    INSERT row 3 = 30
/// SELECT … WHERE value % 3 = 0: row 3
/// COMMIT
/// ```
pub(super) struct ManyPreceders;

#[async_trait(?Send)]
impl Scenario for ManyPreceders {
    fn card(&self) -> Card {
        let about = "A transaction asks twice for rows by a condition that a new row meets, and another inserts that row. At READ \
                     COMMITTED each statement sees the newest rows, so the second finds what the first did not.";
        until_snapshot("isolation/pmp", about, PREDICATE_MANY_PRECEDERS)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let transaction = postgres.transaction().await?;
        if worker.index() > 0 {
            transaction.execute("INSERT INTO test VALUES (3, 30)", &[]).await?;
            transaction.commit().await?;
            return Ok(());
        }
        let reads = worker.invoke("transaction", "two reads by condition");
        let first = transaction.query("SELECT id FROM test WHERE value = 30", &[]).await?;
        let second = transaction.query("SELECT id FROM test WHERE value % 3 = 0", &[]).await?;
        transaction.commit().await?;
        reads.ok(format!("{} {}", first.len(), second.len()));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("both reads find the same rows", |view: &View<'_>| {
            match table::committed(view, 0) {
                None | Some("0 0" | "1 1") => Ok(()),
                Some(found) => Err(format!("A found {found} rows")),
            }
        })]
    }
}
