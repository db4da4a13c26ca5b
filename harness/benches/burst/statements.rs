//! Owns the Postgres scenario that is measured: clients that read one row again and again.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

const TABLE: &str = "CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0)";

/// So many statements in all.
pub(crate) struct Statements {
    pub(crate) clients: usize,
    pub(crate) statements: usize,
    /// Whether they are prepared once by each client; otherwise each is sent as text.
    pub(crate) is_prepared: bool,
}

#[async_trait(?Send)]
impl Scenario for Statements {
    fn card(&self) -> Card {
        let (name, stores) = ("bench/statements".to_owned(), vec!["postgres".to_owned()]);
        Card { name, stores, workers: self.clients, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(TABLE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let (client, each) = (worker.postgres().await?, self.statements / self.clients);
        if self.is_prepared {
            let read = client.prepare("SELECT n FROM counter WHERE id = $1").await?;
            for _ in 0..each {
                let _: i32 = client.query_one(&read, &[&1]).await?.get(0);
            }
        } else {
            for _ in 0..each {
                client.simple_query("SELECT n FROM counter WHERE id = 1").await?;
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("the row is there", |view| match view.state.to_string().contains("n: 0") {
            true => Ok(()),
            false => Err(view.state.to_string()),
        })]
    }
}
