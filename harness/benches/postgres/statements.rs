//! Owns [`Statements`]: one worker that sends many statements and measures them.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};
use tokio_postgres::NoTls;

use crate::raw::{TABLE, alternate};

/// The card of a scenario that is only measured.
pub(crate) fn card(name: &str, workers: usize) -> Card {
    Card { name: name.to_owned(), stores: vec!["postgres".to_owned()], workers, ..Card::default() }
}

#[derive(Debug)]
pub(crate) struct Statements {
    statements: usize,
    over_tcp: bool,
    rate: Mutex<Option<f64>>,
}

impl Statements {
    pub(crate) fn in_process(statements: usize) -> Arc<Self> {
        Arc::new(Self { statements, over_tcp: false, rate: Mutex::new(None) })
    }

    pub(crate) fn over_tcp(statements: usize) -> Arc<Self> {
        Arc::new(Self { statements, over_tcp: true, rate: Mutex::new(None) })
    }

    pub(crate) fn is_over_tcp(&self) -> bool {
        self.over_tcp
    }

    /// How its client comes.
    pub(crate) fn client(&self) -> &'static str {
        if self.over_tcp { "tcp" } else { "in-process stream" }
    }

    /// The latest rate, in statements per second.
    pub(crate) fn take_rate(&self) -> Option<f64> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait(?Send)]
impl Scenario for Statements {
    fn card(&self) -> Card {
        card("bench/statements", 1)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(TABLE).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let client = if self.over_tcp {
            let (client, driver) = tokio_postgres::connect(&worker.postgres_url().await?, NoTls).await?;
            tokio::spawn(async move { driver.await.unwrap_or_default() });
            client
        } else {
            worker.postgres().await?
        };
        let rate = alternate(&client, self.statements).await?;
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner) = Some(rate);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}
