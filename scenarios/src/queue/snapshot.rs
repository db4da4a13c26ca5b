//! Owns the job that is locked by a statement whose snapshot is older than the lock, after `que-rb/que#166`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::promises::{no_job_runs_twice, run};
use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};

const SOURCE: &str = "que-rb/que#166";
/// The row is read, then its lock is waited for: what comes back is the row as it was before the wait.
const LOCK_NEXT: &str =
    "SELECT id, pg_advisory_lock(id) FROM (SELECT id FROM jobs ORDER BY id LIMIT 1) AS next";

/// What is done when the lock was obtained.
enum Locked {
    /// The job.
    ///
    /// ```text
    /// A                                     B
    /// SELECT id, pg_advisory_lock -> 1
    ///                                       SELECT id, pg_advisory_lock: reads job 1, waits for its lock
    /// runs job 1, DELETE
    /// pg_advisory_unlock
    ///                                       -> 1, which is no more; runs it again
    /// ```
    Trusted,
    /// A second look, with a new snapshot.
    Rechecked,
}

#[async_trait(?Send)]
impl Scenario for Locked {
    fn card(&self) -> Card {
        match self {
            Self::Trusted => {
                let about = "Each worker reads the first job and locks it in one statement, runs it, deletes it and gives the lock \
                             back. A statement that has waited for the lock returns the job as it was before the wait, which \
                             is done by now.";
                broken("queue/lock-on-deleted-job", about, CHECK_THEN_ACT).after(SOURCE)
            }
            Self::Rechecked => {
                let about = "Each worker reads the first job, locks it, and looks in a new statement whether it is still there. \
                             The new statement has a snapshot that is younger than the lock.";
                correct("queue/lock-then-look-again", about).after(SOURCE)
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE jobs (id bigint PRIMARY KEY); INSERT INTO jobs VALUES (1)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let Some(row) = postgres.query_opt(LOCK_NEXT, &[]).await? else { return Ok(()) };
        let id: i64 = row.try_get(0)?;
        let is_there = match self {
            Self::Trusted => true,
            Self::Rechecked => postgres.query_opt("SELECT FROM jobs WHERE id = $1", &[&id]).await?.is_some(),
        };
        if is_there {
            run(&worker, id);
            postgres.execute("DELETE FROM jobs WHERE id = $1", &[&id]).await?;
        }
        postgres.query_one("SELECT pg_advisory_unlock($1)", &[&id]).await?;
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![no_job_runs_twice()]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Locked::Trusted), Arc::new(Locked::Rechecked)]
}
