//! Owns the limit of how many jobs with the same key may be queued, after `bensheldon/good_job#326`.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;

use crate::anomaly::CHECK_THEN_ACT;
use crate::card::{Details, broken, correct};

const SOURCE: &str = "bensheldon/good_job#326";
const LOCK: &str = "SELECT pg_advisory_lock(1)";
const LOCK_FOR_TRANSACTION: &str = "SELECT pg_advisory_xact_lock(1)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(1)";
const COUNT: &str = "SELECT count(*) FROM jobs WHERE key = 'x'";
const INSERT: &str = "INSERT INTO jobs (key) VALUES ('x')";
const LIMIT: i64 = 1;

/// How long the advisory lock is held under which the queued jobs are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// As long as one counts.
    ///
    /// ```text
    /// A                        B
    /// lock, count -> 0, unlock
    ///                          lock, count -> 0, unlock
    /// INSERT                   INSERT                       two jobs, limit 1
    /// ```
    WhileCounting,
    /// Until the insert, in a transaction that is still open then.
    ///
    /// ```text
    /// A                                B
    /// BEGIN, lock, count -> 0, INSERT
    /// unlock
    ///                                  BEGIN, lock, count -> 0 (A's job is not visible yet)
    /// COMMIT                           INSERT, unlock, COMMIT                                two jobs
    /// ```
    UntilInsert,
    /// Until the commit, as it is the transaction's own.
    UntilCommit,
}

async fn is_full(postgres: &Client) -> Result<bool> {
    Ok(postgres.query_one(COUNT, &[]).await?.try_get::<_, i64>(0)? >= LIMIT)
}

/// Enqueues a job, unless there are enough; whether it did.
async fn enqueue(held: Held, postgres: &Client) -> Result<bool> {
    if held == Held::WhileCounting {
        postgres.query_one(LOCK, &[]).await?;
        let is_full = is_full(postgres).await?;
        postgres.query_one(UNLOCK, &[]).await?;
        if !is_full {
            postgres.execute(INSERT, &[]).await?;
        }
        return Ok(!is_full);
    }
    postgres.batch_execute("BEGIN").await?;
    postgres.query_one(if held == Held::UntilCommit { LOCK_FOR_TRANSACTION } else { LOCK }, &[]).await?;
    let is_full = is_full(postgres).await?;
    if !is_full {
        postgres.execute(INSERT, &[]).await?;
    }
    if held == Held::UntilInsert {
        postgres.query_one(UNLOCK, &[]).await?;
    }
    postgres.batch_execute("COMMIT").await?;
    Ok(!is_full)
}

#[async_trait(?Send)]
impl Scenario for Held {
    fn card(&self) -> Card {
        let card = match self {
            Self::WhileCounting => {
                let about = "Each request counts the queued jobs under an advisory lock, gives the lock back and inserts its job. \
                             The count is no longer true when the insert comes.";
                broken("queue/limit-lock-while-counting", about, CHECK_THEN_ACT)
            }
            Self::UntilInsert => {
                let about = "Each request counts and inserts under a session's advisory lock, in a transaction that is committed \
                             after the lock was given back. The next one counts before the commit and finds nothing.";
                broken("queue/limit-lock-until-insert", about, CHECK_THEN_ACT)
            }
            Self::UntilCommit => {
                let about = "Each request counts and inserts under an advisory lock of its transaction. The next one gets the \
                             lock with the commit, and counts what was committed.";
                correct("queue/limit-lock-until-commit", about)
            }
        };
        card.after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE jobs (id serial PRIMARY KEY, key text NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let operation = worker.invoke("enqueue", "x");
        if enqueue(*self, &postgres).await? {
            operation.ok("queued");
        } else {
            operation.refused("the limit is reached");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no more jobs with one key are queued than the limit says", |view: &View<'_>| {
            match i64::try_from(view.state.rows("jobs").count()) {
                Ok(queued) if queued <= LIMIT => Ok(()),
                _ => Err(format!("the limit is {LIMIT}, and queued are {}", view.state)),
            }
        })]
    }
}

/// All three.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Held::WhileCounting), Arc::new(Held::UntilInsert), Arc::new(Held::UntilCommit)]
}
