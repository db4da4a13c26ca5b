//! Owns G1a and G1b: a transaction reads what another one takes back, or has yet to write over.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{never, table};

/// What row 1 holds while the writer is not done.
const UNDONE: i32 = 101;

/// Worker A writes, the others read.
fn is_writer(worker: &Worker) -> bool {
    worker.index() == 0
}

async fn read_once(worker: &Worker) -> Result {
    let mut postgres = worker.postgres().await?;
    let reads = worker.invoke("transaction", "read row 1");
    let transaction = postgres.transaction().await?;
    let value = table::read(&transaction, 1).await?;
    transaction.commit().await?;
    reads.ok(value);
    Ok(())
}

fn nobody_reads_undone(promise: &str) -> Vec<Invariant> {
    vec![Invariant::new(promise, |view: &View<'_>| {
        let undone = UNDONE.to_string();
        match view
            .done("transaction")
            .find(|read| read.end == raceproof::history::OperationEnd::Ok(undone.clone()))
        {
            None => Ok(()),
            Some(read) => Err(format!("{} read {UNDONE}", read.worker)),
        }
    })]
}

/// Aborted read.
///
/// ```text
/// A                    B
/// BEGIN
/// UPDATE row 1 = 101
///                      BEGIN, SELECT row 1    must not be 101
/// ROLLBACK             COMMIT
/// ```
pub(super) struct AbortedRead;

#[async_trait(?Send)]
impl Scenario for AbortedRead {
    fn card(&self) -> Card {
        let about = "A transaction writes a row and rolls back while another one reads it. No level shows what is not \
                     committed, so the value taken back is read by nobody.";
        never("isolation/g1a", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        if !is_writer(&worker) {
            return read_once(&worker).await;
        }
        let mut postgres = worker.postgres().await?;
        let writes = worker.invoke("transaction", "write row 1 and roll back");
        let transaction = postgres.transaction().await?;
        table::write(&transaction, 1, UNDONE).await?;
        transaction.rollback().await?;
        writes.refused("rolled back");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        nobody_reads_undone("no committed transaction read what was rolled back")
    }
}

/// Intermediate read.
///
/// ```text
/// A                    B
/// BEGIN
/// UPDATE row 1 = 101
///                      BEGIN, SELECT row 1    must not be 101
/// UPDATE row 1 = 11
/// COMMIT               COMMIT
/// ```
pub(super) struct IntermediateRead;

#[async_trait(?Send)]
impl Scenario for IntermediateRead {
    fn card(&self) -> Card {
        let about = "A transaction writes a row twice while another one reads it. No level shows what is not committed, so the \
                     value in between is read by nobody.";
        never("isolation/g1b", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        if !is_writer(&worker) {
            return read_once(&worker).await;
        }
        let mut postgres = worker.postgres().await?;
        let writes = worker.invoke("transaction", "write row 1 twice");
        let transaction = postgres.transaction().await?;
        table::write(&transaction, 1, UNDONE).await?;
        table::write(&transaction, 1, 11).await?;
        transaction.commit().await?;
        writes.ok("committed");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        nobody_reads_undone("no committed transaction read what was still to be written over")
    }
}
