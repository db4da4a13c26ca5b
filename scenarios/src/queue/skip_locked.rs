//! Owns the job that is claimed and done in one transaction, and the one whose claim is committed before the work.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::{SetUp, postgres};
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::Client;

use super::promises::{MAILS_TABLE, one_mail_per_job};
use crate::anomaly::LOST_MESSAGE;
use crate::card::{Details, per_model};

const JOBS: i32 = 1;
const NEXT: &str = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
const SEND: &str = "INSERT INTO mails (job) VALUES ($1)";
const SEND_AND_END: &str = "WITH done AS (UPDATE jobs SET state = 'done' WHERE id = $1 RETURNING id) \
                            INSERT INTO mails (job) SELECT id FROM done";
const DONE: &str = "UPDATE jobs SET state = 'done' WHERE id = $1";

/// A job that sends a mail; the outbox of the mail server is a table of the same database.
async fn prepare(stores: &mut SetUp) -> Result {
    let jobs = "CREATE TABLE jobs (id int PRIMARY KEY, state text NOT NULL);
                INSERT INTO jobs VALUES (1, 'queued')";
    stores.postgres().batch_execute(jobs).await?;
    Ok(stores.postgres().batch_execute(MAILS_TABLE).await?)
}

/// When the claim is committed.
enum SkipLocked {
    /// With the work: if the worker dies, the transaction has never been.
    WithWork,
    /// Before it, so that no transaction is open while the job runs.
    ///
    /// ```text
    /// A
    /// UPDATE state running -> 1
    /// (crash)
    ///                                no mail, and nobody looks for what is running
    /// ```
    BeforeWork,
}

impl SkipLocked {
    /// Does the next job; whether there was one.
    async fn do_next(&self, postgres: &mut Client) -> Result<bool> {
        match self {
            Self::WithWork => do_in_transaction(postgres).await,
            Self::BeforeWork => claim_and_do(postgres).await,
        }
    }
}

async fn do_in_transaction(postgres: &mut Client) -> Result<bool> {
    let transaction = postgres.transaction().await?;
    let next = transaction.query_opt(NEXT, &[]).await?;
    if let Some(row) = &next {
        let id: i32 = row.try_get(0)?;
        transaction.execute(SEND_AND_END, &[&id]).await?;
    }
    transaction.commit().await?;
    Ok(next.is_some())
}

async fn claim_and_do(postgres: &Client) -> Result<bool> {
    let claim = format!("UPDATE jobs SET state = 'running' WHERE id = ({NEXT}) RETURNING id");
    let Some(row) = postgres.query_opt(&claim, &[]).await? else { return Ok(false) };
    let id: i32 = row.try_get(0)?;
    postgres.execute(SEND, &[&id]).await?;
    postgres.execute(DONE, &[&id]).await?;
    Ok(true)
}

#[async_trait(?Send)]
impl Scenario for SkipLocked {
    fn card(&self) -> Card {
        let card = match self {
            Self::WithWork => {
                let about = "Each worker takes a job with FOR UPDATE SKIP LOCKED, does it and marks it as done in one \
                             transaction. Whoever dies before the commit has done nothing, and the job is free again.";
                per_model("queue/skip-locked", about).holds_under(&["none", "crash", "lost-reply"])
            }
            Self::BeforeWork => {
                let about = "Each worker marks a job as running, commits, and does it. A job whose worker dies stays \
                             running for ever, since nobody looks for it.";
                per_model("queue/running-without-lease", about)
                    .holds_under(&["none"])
                    .breaks_under(&["crash"], LOST_MESSAGE)
            }
        };
        card.on(&[postgres::NAME])
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let work = worker.invoke("work", "");
        if self.do_next(&mut postgres).await? {
            work.ok("done");
        } else {
            work.refused("no job");
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        true
    }

    /// The next worker does what is left.
    async fn aftermath(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        while self.do_next(&mut postgres).await? {}
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![one_mail_per_job(JOBS)]
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(SkipLocked::WithWork), Arc::new(SkipLocked::BeforeWork)]
}
