//! Owns G2-item and G2: each of two transactions reads what the other writes, before it is written.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::{table, until_serializable};
use crate::anomaly::{PHANTOM, WRITE_SKEW};

/// One after the other, the second would have seen what the first wrote; `unseen` is what is read otherwise.
fn one_saw_the_other(unseen: &'static str) -> Vec<Invariant> {
    vec![Invariant::new("of two transactions one saw what the other wrote", move |view: &View<'_>| {
        match (table::committed(view, 0), table::committed(view, 1)) {
            (Some(a), Some(b)) if a == unseen && b == unseen => {
                Err(format!("both read {unseen} and committed"))
            }
            _ => Ok(()),
        }
    })]
}

/// Write skew on rows that exist.
///
/// ```text
/// A                          B
/// BEGIN                      BEGIN
/// SELECT rows 1, 2 -> 10, 20 SELECT rows 1, 2 -> 10, 20
/// UPDATE row 1 = 11          UPDATE row 2 = 21
/// COMMIT                     COMMIT
/// ```
pub(super) struct OnItems;

#[async_trait(?Send)]
impl Scenario for OnItems {
    fn card(&self) -> Card {
        let about = "Two transactions read both rows and write one each. The rows written are different, so a snapshot lets both \
                     commit; SERIALIZABLE refuses one.";
        until_serializable("isolation/g2-item", about, WRITE_SKEW)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let (own, value) = if worker.index().is_multiple_of(2) { (1, 11) } else { (2, 21) };
        let reads = worker.invoke("transaction", format!("read both rows, write row {own}"));
        let transaction = postgres.transaction().await?;
        let rows = transaction.query("SELECT value FROM test WHERE id IN (1, 2) ORDER BY id", &[]).await?;
        let values: Vec<i32> =
            rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?;
        table::write(&transaction, own, value).await?;
        transaction.commit().await?;
        reads.ok(format!("{values:?}"));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        one_saw_the_other("[10, 20]")
    }
}

/// Write skew on rows that do not exist yet.
///
/// ```text
/// A                                B
/// BEGIN                            BEGIN
/// SELECT … WHERE value % 3 = 0: 0  SELECT … WHERE value % 3 = 0: 0
/// INSERT row 3 = 30                INSERT row 4 = 42
/// COMMIT                           COMMIT
/// ```
pub(super) struct OnPredicate;

#[async_trait(?Send)]
impl Scenario for OnPredicate {
    fn card(&self) -> Card {
        let about = "Two transactions look for rows by a condition, find none, and insert one each. There is no row to lock and \
                     none that both write; SERIALIZABLE refuses one.";
        until_serializable("isolation/g2", about, PHANTOM)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        table::prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let (id, value): (i32, i32) = if worker.index().is_multiple_of(2) { (3, 30) } else { (4, 42) };
        let reads = worker.invoke("transaction", format!("read by condition, insert row {id}"));
        let transaction = postgres.transaction().await?;
        let found = transaction.query("SELECT id FROM test WHERE value % 3 = 0", &[]).await?;
        transaction.execute("INSERT INTO test VALUES ($1, $2)", &[&id, &value]).await?;
        transaction.commit().await?;
        reads.ok(format!("{} rows", found.len()));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        one_saw_the_other("0 rows")
    }
}
