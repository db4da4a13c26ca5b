//! Owns G-single: a transaction reads one row before and another row after somebody else's transaction.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{table, until_snapshot};
use crate::anomaly::READ_SKEW;

/// Read skew: a single anti-dependency.
///
/// ```text
/// A                     B
/// BEGIN
/// SELECT row 1 -> 10
///                       BEGIN, row 1 = 12, row 2 = 18, COMMIT
/// SELECT row 2 -> 18
/// COMMIT                                                        10 + 18 is not 30
/// ```
pub(super) struct ReadSkew;

#[async_trait(?Send)]
impl Scenario for ReadSkew {
    fn card(&self) -> Card {
        let about = "A transaction reads two rows while another moves 2 from one to the other. At READ COMMITTED each read sees the \
                     newest commit, so the sum is wrong; a snapshot shows both rows as of one moment.";
        until_snapshot("isolation/g-single", about, READ_SKEW)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let transaction = postgres.transaction().await?;
        if worker.index() > 0 {
            table::write(&transaction, 1, 12).await?;
            table::write(&transaction, 2, 18).await?;
            transaction.commit().await?;
            return Ok(());
        }
        let reads = worker.invoke("transaction", "read rows 1 and 2");
        let (one, two) = (table::read(&transaction, 1).await?, table::read(&transaction, 2).await?);
        transaction.commit().await?;
        reads.ok(one + two);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("whoever reads both rows reads 30 in total", |view: &View<'_>| {
            match table::committed(view, 0) {
                None | Some("30") => Ok(()),
                Some(sum) => Err(format!("A read {sum} in total")),
            }
        })]
    }
}
