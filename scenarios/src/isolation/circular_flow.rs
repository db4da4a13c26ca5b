//! Owns G1c: each of two transactions reads what the other has written.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{never, table};

/// Circular information flow.
///
/// ```text
/// A                    B
/// BEGIN                BEGIN
/// UPDATE row 1 = 11    UPDATE row 2 = 22
/// SELECT row 2         SELECT row 1        must not be 22 and 11
/// COMMIT               COMMIT
/// ```
pub(super) struct CircularFlow;

#[async_trait(?Send)]
impl Scenario for CircularFlow {
    fn card(&self) -> Card {
        let about = "Two transactions write one row each and read the row of the other. No level shows what is not committed, \
                     so at most one of them reads what the other wrote.";
        never("isolation/g1c", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let (own, value, other) = if worker.index().is_multiple_of(2) { (1, 11, 2) } else { (2, 22, 1) };
        let reads = worker.invoke("transaction", format!("write row {own}, read row {other}"));
        let transaction = postgres.transaction().await?;
        table::write(&transaction, own, value).await?;
        let read = table::read(&transaction, other).await?;
        transaction.commit().await?;
        reads.ok(read);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new(
            "of two transactions at most one read what the other wrote",
            |view: &View<'_>| match (table::committed(view, 0), table::committed(view, 1)) {
                (Some("22"), Some("11")) => Err("A read 22 and B read 11".to_owned()),
                _ => Ok(()),
            },
        )]
    }
}
