//! Owns the claim of a row in a table of jobs: who reads a free job, and who it then belongs to.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::Client;

use super::promises::{no_job_runs_twice, run};
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};

const NEXT: &str = "SELECT id FROM jobs WHERE locked_by IS NULL ORDER BY id LIMIT 1";
const TAKE: &str = "UPDATE jobs SET locked_by = $1 WHERE id = $2";
const TAKE_IF_FREE: &str = "UPDATE jobs SET locked_by = $1 WHERE id = $2 AND locked_by IS NULL";
const TAKE_NEXT: &str = "WITH next AS MATERIALIZED (SELECT id FROM jobs WHERE locked_by IS NULL \
                         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) \
                         UPDATE jobs SET locked_by = $1 FROM next WHERE jobs.id = next.id RETURNING jobs.id";

/// How a free job is found and taken.
enum Claim {
    /// The fall-back for databases whose adapter knows nothing better.
    ///
    /// ```text
    /// A                             B
    /// SELECT free -> 1
    ///                               SELECT free -> 1
    /// UPDATE locked_by A
    ///                               UPDATE locked_by B      both run job 1
    /// ```
    SelectThenUpdate,
    /// The free job is found, locked and taken in one statement; what somebody else has locked is skipped.
    Materialised,
    /// The lock is around the claim, but what was read before it is not read again under it.
    ///
    /// ```text
    /// A                             B
    /// SELECT free -> 1              SELECT free -> 1
    /// try lock 1 -> t
    /// UPDATE locked_by A
    /// unlock 1
    ///                               try lock 1 -> t
    ///                               UPDATE locked_by B      both run job 1
    /// ```
    UnderLock,
    /// The same, and the `UPDATE` asks whether the job is still free.
    UnderLockIfFree,
}

impl Claim {
    /// The job that now belongs to `me`, if there was one.
    async fn take(&self, postgres: &Client, me: &str) -> Result<Option<i32>> {
        if matches!(self, Self::Materialised) {
            let taken = postgres.query_opt(TAKE_NEXT, &[&me]).await?;
            return Ok(taken.map(|row| row.try_get(0)).transpose()?);
        }
        let Some(row) = postgres.query_opt(NEXT, &[]).await? else { return Ok(None) };
        let id: i32 = row.try_get(0)?;
        let is_taken = match self {
            Self::UnderLock => under_lock(postgres, id, me, TAKE).await?,
            Self::UnderLockIfFree => under_lock(postgres, id, me, TAKE_IF_FREE).await?,
            _ => postgres.execute(TAKE, &[&me, &id]).await? == 1,
        };
        Ok(is_taken.then_some(id))
    }
}

/// Sends `take` while nobody else does so for the same job; whether it took the job.
async fn under_lock(postgres: &Client, id: i32, me: &str, take: &str) -> Result<bool> {
    let key = i64::from(id);
    if !postgres.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).await?.try_get::<_, bool>(0)? {
        return Ok(false);
    }
    let taken = postgres.execute(take, &[&me, &id]).await?;
    postgres.query_one("SELECT pg_advisory_unlock($1)", &[&key]).await?;
    Ok(taken == 1)
}

#[async_trait(?Send)]
impl Scenario for Claim {
    fn card(&self) -> Card {
        let rails = "collectiveidea/delayed_job#586";
        let pim = "akeneo/pim-community-dev#7998";
        match self {
            Self::SelectThenUpdate => {
                let about = "Each worker reads the first free job and marks it as its own with a second statement. Two that \
                             read before either has written run the same job.";
                broken("queue/select-then-update", about, CHECK_THEN_ACT).after(rails)
            }
            Self::Materialised => {
                let about = "Each of three workers finds, locks and marks a free job in one statement, which skips what \
                             others have locked. Postgres looks at the newest row before it locks it, so a job has one \
                             owner.";
                correct("queue/claim-materialised", about).workers(3).after(rails)
            }
            Self::UnderLock => {
                let about = "Each daemon reads a free job, takes the job's lock, marks the job and gives the lock back. Whoever \
                             gets the lock second does not look again, and runs what the first one runs.";
                broken("queue/lock-without-recheck", about, CHECK_THEN_ACT).after(pim)
            }
            Self::UnderLockIfFree => {
                let about = "Each daemon reads a free job, takes the job's lock, and marks the job if it is still free. \
                             Whoever gets the lock second changes no row and leaves the job alone.";
                correct("queue/lock-with-recheck", about).after(pim)
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE jobs (id int PRIMARY KEY, locked_by text); INSERT INTO jobs VALUES (1)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let reserve = worker.invoke("reserve", "");
        match self.take(&postgres, &worker.id().to_string()).await? {
            Some(id) => {
                reserve.ok(id);
                run(&worker, id);
            }
            None => reserve.refused("no job"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_job_runs_twice()]
    }
}

/// Every claim of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![
        Arc::new(Claim::SelectThenUpdate),
        Arc::new(Claim::Materialised),
        Arc::new(Claim::UnderLock),
        Arc::new(Claim::UnderLockIfFree),
    ]
}
