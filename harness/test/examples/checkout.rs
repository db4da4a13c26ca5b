//! Owns a checkout service on Postgres that oversells, its fix, and the test of both. It is run with
//!
//! ```sh
//! cargo test -p raceproof-test --example checkout oversells   # fails, and shows how
//! cargo test -p raceproof-test --example checkout sells_once  # passes
//! ```

#![cfg_attr(not(test), expect(dead_code, reason = "it is its tests that are run"))]

use sqlx::PgPool;

/// The service. It is given a pool, in a test as in production.
struct Checkout {
    pool: PgPool,
}

impl Checkout {
    /// The bug: between the look at the stock and its decrement, somebody else looks, too.
    async fn buy_if_in_stock(&self, buyer: &str, sku: &str) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin().await?;
        let select = sqlx::query_scalar("SELECT units FROM stock WHERE sku = $1").bind(sku);
        let units: i32 = select.fetch_one(&mut *transaction).await?;
        if units < 1 {
            return Ok(false);
        }
        let update = sqlx::query("UPDATE stock SET units = units - 1 WHERE sku = $1").bind(sku);
        update.execute(&mut *transaction).await?;
        let insert = sqlx::query("INSERT INTO orders (buyer, sku) VALUES ($1, $2)").bind(buyer).bind(sku);
        insert.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The fix: the decrement itself looks, and whoever comes second finds nothing to decrement.
    async fn buy(&self, buyer: &str, sku: &str) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin().await?;
        let update = "UPDATE stock SET units = units - 1 WHERE sku = $1 AND units > 0";
        let updated = sqlx::query(update).bind(sku).execute(&mut *transaction).await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        let insert = sqlx::query("INSERT INTO orders (buyer, sku) VALUES ($1, $2)").bind(buyer).bind(sku);
        insert.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// What production has, with one unit left.
const SCHEMA: &str = "CREATE TABLE stock (sku text PRIMARY KEY, units int NOT NULL);
    CREATE TABLE orders (id serial PRIMARY KEY, buyer text NOT NULL, sku text NOT NULL);
    INSERT INTO stock VALUES ('lamp', 1);";

#[cfg(test)]
mod tests {
    use raceproof_test::race;

    use super::*;

    #[tokio::test]
    async fn oversells() {
        race("the last lamp is sold once")
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(2, async |worker| {
                let checkout = Checkout { pool: PgPool::connect(&worker.postgres_url().await?).await? };
                let buyer = worker.id().to_string();
                worker.invoke("buy", &buyer).returned(checkout.buy_if_in_stock(&buyer, "lamp").await)?;
                Ok(())
            })
            .finally("there is one order for the one lamp", |view| view.state.rows("orders").count() == 1)
            .check()
            .await;
    }

    #[tokio::test]
    async fn sells_once() {
        race("the last lamp is sold once, by the statement that looks")
            .postgres()
            .set_up(async |stores| Ok(stores.postgres().batch_execute(SCHEMA).await?))
            .workers(2, async |worker| {
                let checkout = Checkout { pool: PgPool::connect(&worker.postgres_url().await?).await? };
                let buyer = worker.id().to_string();
                worker.invoke("buy", &buyer).returned(checkout.buy(&buyer, "lamp").await)?;
                Ok(())
            })
            .finally("there is one order for the one lamp", |view| view.state.rows("orders").count() == 1)
            .check()
            .await;
    }
}

fn main() {
    println!("this example is a test: cargo test -p raceproof-test --example checkout");
}
