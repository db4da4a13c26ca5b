//! Owns [`Session`]: Postgres as a program has it that reconnects.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Invariant, Worker};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::guarded::Hand;
use super::promises;

/// A worker with one session on Postgres. The statement that finds it gone gets an error; the next one goes over a new
/// session.
pub(super) struct Session {
    worker: Worker,
    client: Option<Client>,
    is_in_transaction: bool,
    /// The version of the lock that the worker took last, where it has versions.
    pub(super) version: i64,
}

impl Session {
    /// The session; a new one if there is none any more.
    pub(super) async fn client(&mut self) -> Result<&mut Client> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(self.worker.postgres().await?);
        }
        Ok(self.client.as_mut().expect("it was opened just now"))
    }

    /// The session, if it still is the one that was opened: what a session holds is gone with it.
    pub(super) fn same(&mut self) -> Result<&mut Client> {
        self.client.as_mut().filter(|client| !client.is_closed()).ok_or_else(|| "the session is gone".into())
    }

    /// Begins a transaction; one that an error has left open is over.
    pub(super) async fn begin(&mut self) -> Result {
        let is_open = std::mem::replace(&mut self.is_in_transaction, true);
        if let (true, Ok(client)) = (is_open, self.same()) {
            client.batch_execute("ROLLBACK").await?;
        }
        Ok(self.client().await?.batch_execute("BEGIN").await?)
    }

    /// Ends the transaction with `COMMIT` or `ROLLBACK`; it has ended if its session has.
    pub(super) async fn end(&mut self, with: &str) -> Result {
        self.is_in_transaction = false;
        Ok(self.same()?.batch_execute(with).await?)
    }

    /// How many rows `statement` changed.
    pub(super) async fn execute(&mut self, statement: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        Ok(self.client().await?.execute(statement, with).await?)
    }

    /// What the only column of the only row of `query` says.
    pub(super) async fn says(&mut self, query: &str) -> Result<bool> {
        Ok(self.client().await?.query_one(query, &[]).await?.try_get(0)?)
    }
}

/// The table of the resource, with the highest fencing token that it has seen.
pub(super) async fn prepare_row(stores: &mut SetUp) -> Result {
    let table = "CREATE TABLE resource (id int PRIMARY KEY, n int NOT NULL, fence bigint NOT NULL);
                 INSERT INTO resource VALUES (1, 0, 0)";
    Ok(stores.postgres().batch_execute(table).await?)
}

/// The row's number.
pub(super) async fn read_row(client: &Client) -> Result<i64> {
    let row = client.query_one("SELECT n FROM resource WHERE id = 1", &[]).await?;
    Ok(row.try_get::<_, i32>(0)?.into())
}

/// Writes the row's number.
pub(super) async fn write_row(client: &Client, value: i64) -> Result {
    let value = i32::try_from(value)?;
    client.execute("UPDATE resource SET n = $1 WHERE id = 1", &[&value]).await?;
    Ok(())
}

#[async_trait(?Send)]
impl Hand for Session {
    async fn prepare(stores: &mut SetUp) -> Result {
        prepare_row(stores).await
    }

    fn of(worker: Worker) -> Self {
        Self { worker, client: None, is_in_transaction: false, version: 0 }
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    async fn read(&mut self) -> Result<i64> {
        read_row(self.same()?).await
    }

    async fn write(&mut self, value: i64) -> Result {
        write_row(self.same()?, value).await
    }

    fn no_lost_update() -> Invariant {
        promises::no_lost_update_in_row()
    }
}
