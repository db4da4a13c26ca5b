//! Owns the password-reset link that may be used once.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::anomaly::LOST_UPDATE;
use crate::card::{Details, correct, per_level};
use crate::operations::at_most;

const SOURCE: &str = "majiayu000/litellm-rs#61";

async fn prepare(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE links (id int PRIMARY KEY, used int NOT NULL); INSERT INTO links VALUES (1, 0)";
    Ok(stores.postgres().batch_execute(table).await?)
}

/// Read and write are in one transaction, which keeps nobody else from reading the same.
///
/// ```text
/// A                     B
/// BEGIN                 BEGIN
/// SELECT used -> 0
///                       SELECT used -> 0
/// UPDATE used 1
/// COMMIT                UPDATE used 1 (waited for A), COMMIT    used twice
/// ```
pub(super) struct TransactionIsNotALock;

#[async_trait(?Send)]
impl Scenario for TransactionIsNotALock {
    fn card(&self) -> Card {
        let about = "Each request reads that the link is unused and marks it as used, in one transaction. At READ COMMITTED the \
                     second UPDATE waits and then succeeds; a snapshot refuses it with an error.";
        per_level("token/transaction-is-not-a-lock", about, [Some(LOST_UPDATE), None, None]).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let reset = worker.invoke("reset", "link 1");
        let transaction = postgres.transaction().await?;
        let row = transaction.query_one("SELECT used FROM links WHERE id = 1", &[]).await?;
        let is_used = row.try_get::<_, i32>(0)? == 1;
        if !is_used {
            transaction.execute("UPDATE links SET used = 1 WHERE id = 1", &[]).await?;
        }
        transaction.commit().await?;
        if is_used {
            reset.refused("used");
        } else {
            reset.ok("password set");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "reset")]
    }
}

/// The `UPDATE` asks for an unused link and returns it to whoever got it.
pub(super) struct UsedReturning;

#[async_trait(?Send)]
impl Scenario for UsedReturning {
    fn card(&self) -> Card {
        let about = "Each request marks the link as used with one UPDATE that asks for an unused one and returns it. Postgres \
                     evaluates the condition again on the newest row, so one request gets it.";
        correct("token/used-returning", about).workers(3).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let reset = worker.invoke("reset", "link 1");
        let take = "UPDATE links SET used = 1 WHERE id = 1 AND used = 0 RETURNING id";
        match postgres.query_opt(take, &[]).await? {
            Some(_) => reset.ok("password set"),
            None => reset.refused("used"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![at_most(1, "reset")]
    }
}
