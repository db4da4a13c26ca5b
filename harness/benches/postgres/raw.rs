//! Owns the baseline: the same client, the same statements, no gate.

use std::time::Instant;

use tokio_postgres::{Client, Config, NoTls};

/// Prepared SELECT and UPDATE in turn, each after the reply to the one before.
pub(crate) async fn alternate(client: &Client, statements: usize) -> Result<f64, tokio_postgres::Error> {
    let read = client.prepare("SELECT n FROM counter WHERE id = $1").await?;
    let write = client.prepare("UPDATE counter SET n = $2 WHERE id = $1").await?;
    let started = Instant::now();
    for number in 0..statements / 2 {
        let _: i32 = client.query_one(&read, &[&1]).await?.get(0);
        client.execute(&write, &[&1, &i32::try_from(number).unwrap_or(0)]).await?;
    }
    Ok(statements as f64 / started.elapsed().as_secs_f64())
}

/// The set-up of the statements above.
pub(crate) const TABLE: &str =
    "CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0)";

pub(crate) async fn statements_per_second(
    config: &Config,
    statements: usize,
) -> Result<f64, tokio_postgres::Error> {
    let (client, driver) = config.connect(NoTls).await?;
    let driver = tokio::spawn(driver);
    client.batch_execute(&format!("DROP TABLE IF EXISTS counter; {TABLE}")).await?;
    let rate = alternate(&client, statements).await?;
    drop(client);
    // It ends because its client is gone.
    let _ = driver.await;
    Ok(rate)
}
