//! Owns the sales that use optimistic locking: a version that is read, compared and moved on.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::{Client, Error};

use super::promise;
use crate::anomaly::LOST_UPDATE;
use crate::card::{broken, correct};

/// More attempts than there can be writers before us.
const ATTEMPTS_MAX: usize = 10;

/// Stock and version.
async fn read(postgres: &Client) -> std::result::Result<(i32, i32), Error> {
    let row = postgres.query_one("SELECT stock, version FROM items WHERE id = 1", &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// How many rows still had `version`.
async fn write(postgres: &Client, stock: i32, version: i32) -> std::result::Result<u64, Error> {
    let update = "UPDATE items SET stock = $1, version = version + 1 WHERE id = 1 AND version = $2";
    postgres.execute(update, &[&stock, &version]).await
}

/// An `UPDATE` that matched no row starts over with what is there now.
pub(super) struct Checked;

#[async_trait(?Send)]
impl Scenario for Checked {
    fn card(&self) -> Card {
        let about = "Each buyer writes the new stock only if the version is the one that was read, and starts over \
                     otherwise. A write between the read and the UPDATE can therefore not be overwritten.";
        correct("inventory/version-checked", about)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        for _ in 0..ATTEMPTS_MAX {
            let (stock, version) = read(&postgres).await?;
            if stock < 1 {
                buy.refused("sold out");
                return Ok(());
            }
            if write(&postgres, stock - 1, version).await? == 1 {
                buy.ok("sold");
                return Ok(());
            }
        }
        buy.refused("too busy");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}

/// The version does its work, but the program does not look whether a row matched.
///
/// ```text
/// A                                B
/// SELECT -> stock 1, version 0
///                                  SELECT -> stock 1, version 0
/// UPDATE … WHERE version = 0 -> 1
///                                  UPDATE … WHERE version = 0 -> 0   ignored: B is told "sold"
/// ```
pub(super) struct Ignored;

#[async_trait(?Send)]
impl Scenario for Ignored {
    fn card(&self) -> Card {
        let about = "Each buyer writes the new stock only if the version is the one that was read, but never looks at \
                     the row count. When the UPDATE matches nothing, the buyer is still told that the unit is theirs.";
        broken("inventory/version-ignored", about, LOST_UPDATE)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        promise::product(stores, 1).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let buy = worker.invoke("buy", "");
        let (stock, version) = read(&postgres).await?;
        if stock < 1 {
            buy.refused("sold out");
            return Ok(());
        }
        write(&postgres, stock - 1, version).await?;
        buy.ok("sold");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        promise::no_oversell(1)
    }
}
