//! Owns transactions on lists, judged as a whole: no promise says which anomaly is looked for, the reads of the lists tell the order
//! of everything that was appended (Kingsbury and Alvaro, "Elle", 2020).

use async_trait::async_trait;
use raceproof::check::{Level, Micro, MicroList, TRANSACTION};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::{until_serializable, until_snapshot};
use crate::anomaly::{READ_SKEW, WRITE_SKEW};

async fn prepare(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE lists (key text PRIMARY KEY, items int[] NOT NULL);
                 INSERT INTO lists VALUES ('x', '{}'), ('y', '{}')";
    Ok(stores.postgres().batch_execute(table).await?)
}

/// Does all of `micros` in one transaction and reports what it read; one that the server refuses has done nothing.
async fn transact(worker: &Worker, micros: Vec<Micro>) -> Result {
    let mut postgres = worker.postgres().await?;
    let mut micros = MicroList(micros);
    let reports = worker.invoke(TRANSACTION, &micros);
    match executed(&mut postgres, &mut micros).await {
        Ok(()) => reports.ok(&micros),
        Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => reports.refused("40001"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn executed(
    postgres: &mut Client,
    MicroList(micros): &mut MicroList,
) -> std::result::Result<(), Error> {
    let transaction = postgres.transaction().await?;
    for micro in micros {
        match micro {
            Micro::Read(key, _) => {
                let row = transaction.query_one("SELECT items FROM lists WHERE key = $1", &[&&**key]).await?;
                let items: Vec<i32> = row.try_get(0)?;
                let items: Vec<i64> = items.into_iter().map(i64::from).collect();
                *micro = Micro::list(&*key, items);
            }
            Micro::Append(key, value) | Micro::Write(key, value) => {
                let append = "UPDATE lists SET items = array_append(items, $1) WHERE key = $2";
                let value = i32::try_from(*value).expect("values are small");
                transaction.execute(append, &[&value, &&**key]).await?;
            }
        }
    }
    transaction.commit().await
}

/// Each reads the list that the other appends to.
///
/// ```text
/// A                          B
/// BEGIN                      BEGIN
/// SELECT x -> []             SELECT y -> []
/// UPDATE y = y || 1          UPDATE x = x || 2
/// COMMIT                     COMMIT
/// ```
pub(super) struct Crosswise;

#[async_trait(?Send)]
impl Scenario for Crosswise {
    fn card(&self) -> Card {
        let about = "Two transactions read one list each and append to the one that the other reads. A snapshot lets both see empty \
                     lists, which no serial order explains; SERIALIZABLE refuses one.";
        until_serializable("isolation/list-append-crosswise", about, WRITE_SKEW)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let (read, written) = if worker.index().is_multiple_of(2) { ("x", "y") } else { ("y", "x") };
        let value = i64::try_from(worker.index())? + 1;
        transact(&worker, vec![Micro::read(read), Micro::append(written, value)]).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::serializable()]
    }
}

/// One reads two lists while the other appends to both.
///
/// ```text
/// A                          B
/// BEGIN                      BEGIN
/// SELECT x -> []             UPDATE x = x || 2
///                            UPDATE y = y || 2
///                            COMMIT
/// SELECT y -> [2]
/// COMMIT
/// ```
pub(super) struct Torn;

#[async_trait(?Send)]
impl Scenario for Torn {
    fn card(&self) -> Card {
        let about = "A transaction reads two lists while another one appends to both. At READ COMMITTED each statement sees a later \
                     moment, so it may see half of the other; a snapshot shows all of it or nothing.";
        until_snapshot("isolation/list-append-torn", about, READ_SKEW)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        prepare(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let value = i64::try_from(worker.index())? + 1;
        let micros = match worker.index() {
            0 => vec![Micro::read("x"), Micro::read("y")],
            _ => vec![Micro::append("x", value), Micro::append("y", value)],
        };
        transact(&worker, micros).await
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::consistent_with(Level::SnapshotIsolation)]
    }
}
