//! Owns the organisation whose two owners remove each other.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::GenericClient;

use crate::anomaly::WRITE_SKEW;
use crate::card::{Details, per_level};

const SOURCE: &str = "superset-sh/superset#4296";
const COUNT: &str = "SELECT count(*) FROM owners";
const DELETE: &str = "DELETE FROM owners WHERE name = $1";

/// The owner whom the worker removes: each the other.
fn other(worker: &Worker) -> &'static str {
    if worker.index().is_multiple_of(2) { "bob" } else { "ann" }
}

async fn prepare(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE owners (name text PRIMARY KEY); INSERT INTO owners VALUES ('ann'), ('bob')";
    Ok(stores.postgres().batch_execute(table).await?)
}

async fn is_last(postgres: &impl GenericClient) -> Result<bool> {
    let row = postgres.query_one(COUNT, &[]).await?;
    Ok(row.try_get::<_, i64>(0)? < 2)
}

fn promises() -> Vec<Invariant> {
    vec![Invariant::new("an organisation has an owner", |view: &View<'_>| {
        if view.state.rows("owners").next().is_some() { Ok(()) } else { Err("both are gone".to_owned()) }
    })]
}

/// Both count before either deletes.
///
/// ```text
/// A                      B
/// BEGIN                  BEGIN
/// SELECT count(*) -> 2
///                        SELECT count(*) -> 2
/// DELETE bob, COMMIT     DELETE ann, COMMIT     nobody is left
/// ```
pub(super) struct CountThenDelete;

#[async_trait(?Send)]
impl Scenario for CountThenDelete {
    fn card(&self) -> Card {
        let about = "Each owner removes the other in a transaction if there are two. The rows deleted are different, so no row \
                     lock and no snapshot stops both; only SERIALIZABLE does.";
        per_level("sql/last-owner", about, [Some(WRITE_SKEW), Some(WRITE_SKEW), None]).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let remove = worker.invoke("remove", other(&worker));
        let transaction = postgres.transaction().await?;
        let is_last = is_last(&transaction).await?;
        if !is_last {
            transaction.execute(DELETE, &[&other(&worker)]).await?;
        }
        transaction.commit().await?;
        if is_last {
            remove.refused("last owner");
        } else {
            remove.ok("removed");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// The count is moved into the `DELETE`, which counts as of its own beginning.
///
/// ```text
/// A                               B
/// BEGIN                           BEGIN
/// DELETE bob WHERE count > 1
///                                 DELETE ann WHERE count > 1   counts bob, who is not yet gone
/// COMMIT                          COMMIT
/// ```
pub(super) struct GuardedDelete;

#[async_trait(?Send)]
impl Scenario for GuardedDelete {
    fn card(&self) -> Card {
        let about = "Each owner removes the other with one DELETE that asks for two owners in its WHERE. The count sees what \
                     was committed before the statement, so two uncommitted deletes do not see each other.";
        let anomalies = [Some(WRITE_SKEW), Some(WRITE_SKEW), None];
        per_level("sql/last-owner-guarded-delete", about, anomalies).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let remove = worker.invoke("remove", other(&worker));
        let transaction = postgres.transaction().await?;
        let delete = "DELETE FROM owners WHERE name = $1 AND (SELECT count(*) FROM owners) > 1";
        let deleted = transaction.execute(delete, &[&other(&worker)]).await?;
        transaction.commit().await?;
        if deleted == 0 {
            remove.refused("last owner");
        } else {
            remove.ok("removed");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}

/// An advisory lock puts one removal after the other, if each looks after it has the lock.
///
/// ```text
/// A                              B (REPEATABLE READ)
/// BEGIN, advisory lock
///                                BEGIN, advisory lock (waits; its snapshot is taken here)
/// SELECT count(*) -> 2
/// DELETE bob, COMMIT             SELECT count(*) -> 2: as of the snapshot
///                                DELETE ann, COMMIT
/// ```
pub(super) struct AdvisoryLock;

#[async_trait(?Send)]
impl Scenario for AdvisoryLock {
    fn card(&self) -> Card {
        let about = "Each owner takes an advisory lock, counts, and removes the other, in one transaction. That holds where each \
                     statement sees the newest rows; under REPEATABLE READ the snapshot is older than the lock.";
        let anomalies = [None, Some(WRITE_SKEW), None];
        per_level("sql/last-owner-advisory-lock", about, anomalies).after(SOURCE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let remove = worker.invoke("remove", other(&worker));
        let transaction = postgres.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock(1)", &[]).await?;
        let is_last = is_last(&transaction).await?;
        if !is_last {
            transaction.execute(DELETE, &[&other(&worker)]).await?;
        }
        transaction.commit().await?;
        if is_last {
            remove.refused("last owner");
        } else {
            remove.ok("removed");
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promises()
    }
}
