//! Owns the table of two rows on which the anomalies are shown: 1 holds 10, 2 holds 20.

use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{View, WorkerId};
use tokio_postgres::{Error, GenericClient};

use crate::rows;

/// Makes the table.
pub(super) async fn prepare(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE test (id int PRIMARY KEY, value int NOT NULL);
                 INSERT INTO test VALUES (1, 10), (2, 20)";
    Ok(stores.postgres().batch_execute(table).await?)
}

/// The value of row `id`.
pub(super) async fn read(postgres: &impl GenericClient, id: i32) -> std::result::Result<i32, Error> {
    postgres.query_one("SELECT value FROM test WHERE id = $1", &[&id]).await?.try_get(0)
}

/// Sets the value of row `id`.
pub(super) async fn write(
    postgres: &impl GenericClient,
    id: i32,
    value: i32,
) -> std::result::Result<(), Error> {
    postgres.execute("UPDATE test SET value = $1 WHERE id = $2", &[&value, &id]).await.map(|_| ())
}

/// The value that row `id` holds in the end.
pub(super) fn value<'a>(view: &'a View<'_>, id: &str) -> &'a str {
    let row = view.state.rows("test").find(|row| rows::text(row, "id") == id);
    row.map_or("", |row| rows::text(row, "value"))
}

/// What worker number `index` read, if its transaction committed.
pub(super) fn committed<'a>(view: &'a View<'_>, index: u16) -> Option<&'a str> {
    let of_worker = |operation: &&raceproof::history::Operation| operation.worker == WorkerId(index);
    let operation = view.done("transaction").find(of_worker)?;
    match &operation.end {
        raceproof::history::OperationEnd::Ok(read) => Some(read),
        _ => None,
    }
}
