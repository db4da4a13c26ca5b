//! Owns P4: two transactions write what each has computed from the same read.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{table, until_snapshot};
use crate::anomaly::LOST_UPDATE;

/// Lost update.
///
/// ```text
/// A                    B
/// BEGIN                BEGIN
/// SELECT row 1 -> 10   SELECT row 1 -> 10
/// UPDATE row 1 = 11
/// COMMIT               UPDATE row 1 = 11, COMMIT
/// ```
pub(super) struct LostUpdate;

#[async_trait(?Send)]
impl Scenario for LostUpdate {
    fn card(&self) -> Card {
        let about = "Two transactions read a row and write it back plus one. At READ COMMITTED the second writes over the first; \
                     a snapshot refuses to write a row that has changed since.";
        until_snapshot("isolation/p4", about, LOST_UPDATE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let adds = worker.invoke("transaction", "read row 1, write it plus 1");
        let transaction = postgres.transaction().await?;
        let value = table::read(&transaction, 1).await?;
        table::write(&transaction, 1, value + 1).await?;
        transaction.commit().await?;
        adds.ok(value);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("row 1 counts every committed transaction", |view: &View<'_>| {
            let (expected, found) = (10 + view.count("transaction"), table::value(view, "1"));
            if found == expected.to_string() {
                Ok(())
            } else {
                Err(format!("row 1 holds {found}, not {expected}"))
            }
        })]
    }
}
