//! Owns a repository with a cache aside that keeps a stale price, its fix, and the test of both. It is run with
//!
//! ```sh
//! cargo test -p raceproof-test --example cached_prices keeps_a_stale_price   # fails, and shows how
//! cargo test -p raceproof-test --example cached_prices fills_only_forwards   # passes
//! ```

#![cfg_attr(not(test), expect(dead_code, reason = "it is its tests that are run"))]

use std::error::Error;

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Script};
use tokio_postgres::Client;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The service: prices in Postgres, with copies in Redis.
struct Prices {
    database: Client,
    cache: MultiplexedConnection,
}

impl Prices {
    /// The bug: what was read may be out of date, and deleted from the cache, before it is written there.
    async fn price(&mut self, sku: &str) -> Result<i32> {
        if let Some(price) = self.cache.get(sku).await? {
            return Ok(price);
        }
        let row = self.database.query_one("SELECT price FROM prices WHERE sku = $1", &[&sku]).await?;
        let price: i32 = row.try_get(0)?;
        let () = self.cache.set(sku, price).await?;
        Ok(price)
    }

    async fn change(&mut self, sku: &str, price: i32) -> Result<()> {
        self.database.execute("UPDATE prices SET price = $2 WHERE sku = $1", &[&sku, &price]).await?;
        Ok(self.cache.del(sku).await?)
    }

    /// The fix: each price has a version, and the cache goes from older to newer ones only.
    async fn versioned_price(&mut self, sku: &str) -> Result<i32> {
        if let Some(price) = self.cache.hget(sku, "price").await? {
            return Ok(price);
        }
        let select = "SELECT version, price FROM prices WHERE sku = $1";
        let row = self.database.query_one(select, &[&sku]).await?;
        let (version, price): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
        self.fill(sku, version, price).await?;
        Ok(price)
    }

    async fn change_versioned(&mut self, sku: &str, price: i32) -> Result<()> {
        let update = "UPDATE prices SET price = $2, version = version + 1 WHERE sku = $1 RETURNING version";
        let row = self.database.query_one(update, &[&sku, &price]).await?;
        self.fill(sku, row.try_get(0)?, price).await
    }

    async fn fill(&mut self, sku: &str, version: i32, price: i32) -> Result<()> {
        let script = Script::new(
            "local held = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
             if held < tonumber(ARGV[1]) then
                 redis.call('HSET', KEYS[1], 'version', ARGV[1], 'price', ARGV[2])
             end",
        );
        Ok(script.key(sku).arg(version).arg(price).invoke_async(&mut self.cache).await?)
    }
}

/// What production has, with one price.
const SCHEMA: &str = "CREATE TABLE prices (sku text PRIMARY KEY, version int NOT NULL, price int NOT NULL);
    INSERT INTO prices VALUES ('lamp', 1, 30);";

#[cfg(test)]
mod tests {
    use raceproof_test::{View, Worker, race};

    use super::*;

    #[tokio::test]
    async fn keeps_a_stale_price() {
        race("the cache has the price that the database has")
            .redis()
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(1, async |worker| prices(&worker).await?.price("lamp").await.map(drop))
            .workers(1, async |worker| prices(&worker).await?.change("lamp", 35).await)
            .finally("the cache has the price of the database, or none", |view| {
                match view.state.text("lamp") {
                    Some(cached) => cached == price_in_the_database(view),
                    None => true,
                }
            })
            .check()
            .await;
    }

    #[tokio::test]
    async fn fills_only_forwards() {
        race("the cache has the price that the database has, by its version")
            .redis()
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(1, async |worker| prices(&worker).await?.versioned_price("lamp").await.map(drop))
            .workers(1, async |worker| prices(&worker).await?.change_versioned("lamp", 35).await)
            .finally("the cache has the price of the database, or none", |view| {
                match view.state.get("lamp") {
                    Some(cached) => {
                        cached.to_string().contains(&format!("price: {}", price_in_the_database(view)))
                    }
                    None => true,
                }
            })
            .check()
            .await;
    }

    async fn prices(worker: &Worker) -> Result<Prices> {
        Ok(Prices { database: worker.postgres().await?, cache: worker.redis().await? })
    }

    fn price_in_the_database(view: &View<'_>) -> String {
        view.state.rows("prices").map(|row| row["price"].clone()).collect()
    }
}

fn main() {
    println!("this example is a test: cargo test -p raceproof-test --example cached_prices");
}
