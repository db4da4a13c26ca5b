//! Owns G0: two transactions write the same rows, and each row ends with the value of another one.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{never, table};

/// Dirty write.
///
/// ```text
/// A                   B
/// BEGIN               BEGIN
/// UPDATE row 1 = 11
///                     UPDATE row 1 = 12    must wait for A
/// UPDATE row 2 = 21
/// COMMIT              UPDATE row 2 = 22
///                     COMMIT
/// ```
pub(super) struct DirtyWrite;

#[async_trait(?Send)]
impl Scenario for DirtyWrite {
    fn card(&self) -> Card {
        let about = "Two transactions each write the same two rows. Every level locks a written row until the commit, so both \
                     rows end with values of the same transaction.";
        never("isolation/g0", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let add = if worker.index().is_multiple_of(2) { 1 } else { 2 };
        let writes = worker.invoke("transaction", "");
        let transaction = postgres.transaction().await?;
        table::write(&transaction, 1, 10 + add).await?;
        table::write(&transaction, 2, 20 + add).await?;
        transaction.commit().await?;
        writes.ok("committed");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("both rows were written by the same transaction", |view: &View<'_>| {
            match (table::value(view, "1"), table::value(view, "2")) {
                ("10", "20") | ("11", "21") | ("12", "22") => Ok(()),
                (one, two) => Err(format!("row 1 holds {one} and row 2 holds {two}")),
            }
        })]
    }
}
