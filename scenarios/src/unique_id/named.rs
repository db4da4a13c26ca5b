//! Owns the id of a name: found, or made if there is none.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use tokio_postgres::Client;

use crate::anomaly::PHANTOM;
use crate::card::{Details, correct, per_level};
use crate::operations::all_answered;

/// The operation of whoever asks for the id of a name.
const ID_OF: &str = "id-of";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// `SELECT`, and `INSERT` if there was nothing, in a transaction.
    ///
    /// ```text
    /// A                          B
    /// BEGIN                      BEGIN
    /// SELECT 'red': 0 rows
    ///                            SELECT 'red': 0 rows
    /// INSERT, COMMIT -> 1        INSERT, COMMIT -> 2     red has two ids
    /// ```
    OrCreated,
    /// `INSERT … ON CONFLICT DO UPDATE … RETURNING`.
    Upserted,
}

struct Tag(Found);

const OR_CREATED: &str = "Each request looks for a tag by name and creates it if there is none, in one transaction. A transaction keeps \
                          nobody else from creating it as well; only SERIALIZABLE refuses the second.";
const UPSERTED: &str = "Each request inserts a tag under a unique name, updates nothing of it on conflict, and returns its id. Who comes \
                        second waits for the first and is given the same id.";

async fn find_or_create(postgres: &mut Client) -> Result<i32> {
    let transaction = postgres.transaction().await?;
    let found = transaction.query_opt("SELECT id FROM tags WHERE name = 'red'", &[]).await?;
    let row = match found {
        Some(row) => row,
        None => transaction.query_one("INSERT INTO tags (name) VALUES ('red') RETURNING id", &[]).await?,
    };
    transaction.commit().await?;
    Ok(row.try_get(0)?)
}

async fn upsert(postgres: &Client) -> Result<i32> {
    let upsert = "INSERT INTO tags (name) VALUES ('red')
                  ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
    Ok(postgres.query_one(upsert, &[]).await?.try_get(0)?)
}

#[async_trait(?Send)]
impl Scenario for Tag {
    fn card(&self) -> Card {
        match self.0 {
            Found::OrCreated => {
                per_level("unique-id/find-or-create", OR_CREATED, [Some(PHANTOM), Some(PHANTOM), None])
            }
            Found::Upserted => correct("unique-id/upsert", UPSERTED).workers(3),
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let constraint = if self.0 == Found::Upserted { "UNIQUE" } else { "" };
        let table = format!("CREATE TABLE tags (id serial PRIMARY KEY, name text NOT NULL {constraint})");
        Ok(stores.postgres().batch_execute(&table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let ask = worker.invoke(ID_OF, "red");
        let id = match self.0 {
            Found::OrCreated => find_or_create(&mut postgres).await?,
            Found::Upserted => upsert(&postgres).await?,
        };
        ask.ok(id);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let mut promises = vec![Invariant::new("a name has one id", |view: &View<'_>| {
            let ids = view.results(ID_OF);
            let is_same = ids.windows(2).all(|pair| pair[0] == pair[1]);
            if is_same { Ok(()) } else { Err(format!("red was given the ids {}", ids.join(", "))) }
        })];
        if self.0 == Found::Upserted {
            promises.push(all_answered(ID_OF));
        }
        promises
    }
}

/// Every variant of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(Tag(Found::OrCreated)), Arc::new(Tag(Found::Upserted))]
}
