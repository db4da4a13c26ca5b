//! Owns the fetch that lets one job of each lock run at a time, by a table of the locks that are taken, after
//! `procrastinate-org/procrastinate#103`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};
use crate::operations::all_answered;
use crate::rows;

const SOURCE: &str = "procrastinate-org/procrastinate#103";
/// The first job whose lock nobody has; what others have locked is skipped.
const PICK: &str = "SELECT jobs.id, jobs.lock FROM jobs LEFT JOIN locks ON locks.object = jobs.lock \
                    WHERE locks.object IS NULL AND jobs.status = 'todo' ORDER BY jobs.id LIMIT 1 \
                    FOR UPDATE OF jobs SKIP LOCKED";

/// Picks a job, takes its lock and marks it, in one statement.
enum Fetch {
    /// ```text
    /// A                                   B
    /// BEGIN, fetch -> job 1, lock yay
    ///                                     BEGIN, fetch: skips job 1, picks job 2, inserts yay (waits)
    /// COMMIT
    ///                                     duplicate key: the fetch ends in an error
    /// ```
    Insert,
    /// The insert may find that somebody else has the lock, and then nothing is marked.
    OnConflict,
}

impl Fetch {
    fn statement(&self) -> String {
        let (insert, from) = match self {
            Self::Insert => ("INSERT INTO locks SELECT lock FROM picked", "picked"),
            Self::OnConflict => (
                "INSERT INTO locks SELECT lock FROM picked ON CONFLICT DO NOTHING RETURNING object",
                "picked JOIN locked ON locked.object = picked.lock",
            ),
        };
        format!(
            "WITH picked AS ({PICK}), locked AS ({insert}) \
             UPDATE jobs SET status = 'doing' FROM {from} WHERE jobs.id = picked.id RETURNING jobs.id"
        )
    }
}

#[async_trait(?Send)]
impl Scenario for Fetch {
    fn card(&self) -> Card {
        match self {
            Self::Insert => {
                let about = "Each worker picks the first job whose lock is free, skips locked rows, and inserts the lock in \
                             the same statement. The second worker skips the first one's job, inserts the same lock, and \
                             ends with a unique violation.";
                broken("queue/lock-table", about, CHECK_THEN_ACT).after(SOURCE)
            }
            Self::OnConflict => {
                let about = "Each worker picks the first job whose lock is free, inserts the lock with ON CONFLICT DO NOTHING, \
                             and marks the job only if the lock was inserted. The second worker gets no job and no error.";
                correct("queue/lock-table-on-conflict", about).after(SOURCE)
            }
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let tables = "CREATE TABLE jobs (id int PRIMARY KEY, lock text NOT NULL, status text NOT NULL);
                      CREATE TABLE locks (object text PRIMARY KEY);
                      INSERT INTO jobs VALUES (1, 'yay', 'todo'), (2, 'yay', 'todo')";
        Ok(stores.postgres().batch_execute(tables).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let fetch = worker.invoke("fetch", "");
        let transaction = postgres.transaction().await?;
        let fetched = transaction.query_opt(&self.statement(), &[]).await?;
        transaction.commit().await?;
        match fetched {
            Some(row) => fetch.ok(row.try_get::<_, i32>(0)?),
            None => fetch.refused("no job whose lock is free"),
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let one =
            Invariant::new("of the jobs with one lock, one is being done at a time", |view: &View<'_>| {
                match rows::count(view, "jobs", "status", "doing") {
                    0 | 1 => Ok(()),
                    doing => Err(format!("{doing} are: {}", view.state)),
                }
            });
        vec![one, all_answered("fetch")]
    }
}

/// Both variants.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Fetch::Insert), Arc::new(Fetch::OnConflict)]
}
