//! Owns the scenarios that are measured.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};
use redis::AsyncCommands;

use crate::raw::alternate;

fn card(name: &str, workers: usize) -> Card {
    Card { name: name.to_owned(), stores: vec!["redis".to_owned()], workers, ..Card::default() }
}

/// One worker that sends many commands and measures them.
#[derive(Debug)]
pub(crate) struct Commands {
    commands: usize,
    over_tcp: bool,
    rate: Mutex<Option<f64>>,
}

impl Commands {
    pub(crate) fn in_process(commands: usize) -> Arc<Self> {
        Arc::new(Self { commands, over_tcp: false, rate: Mutex::new(None) })
    }

    pub(crate) fn over_tcp(commands: usize) -> Arc<Self> {
        Arc::new(Self { commands, over_tcp: true, rate: Mutex::new(None) })
    }

    /// How its client comes.
    pub(crate) fn client(&self) -> &'static str {
        if self.over_tcp { "tcp" } else { "in-process stream" }
    }

    /// The latest rate, in commands per second.
    pub(crate) fn take_rate(&self) -> Option<f64> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait(?Send)]
impl Scenario for Commands {
    fn card(&self) -> Card {
        card("bench/commands", 1)
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = match self.over_tcp {
            true => {
                redis::Client::open(worker.redis_url().await?)?.get_multiplexed_async_connection().await?
            }
            false => worker.redis().await?,
        };
        let rate = alternate(&mut redis, self.commands).await?;
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner) = Some(rate);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

/// The counter that loses updates.
#[derive(Debug)]
pub(crate) struct GetSet;

#[async_trait(?Send)]
impl Scenario for GetSet {
    fn card(&self) -> Card {
        card("bench/get-set", 3)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.redis().set("counter", 0).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        let value: i64 = redis.get("counter").await?;
        let () = redis.set("counter", value + 1).await?;
        increment.ok(value + 1);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no increment is lost", |view: &View<'_>| {
            match view.state.text("counter") == Some(&view.count("increment").to_string()) {
                true => Ok(()),
                false => Err(view.state.to_string()),
            }
        })]
    }
}
