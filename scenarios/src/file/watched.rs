//! Owns [`Watched`]: any command as a scenario of one worker, whose requests are told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use raceproof::gate::Lease;
use raceproof::program::{Call, Pipes};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use super::{once, surroundings};

/// A command with its stores.
#[derive(Debug)]
pub struct Watched {
    call: Call,
    stores: Vec<String>,
}

impl Watched {
    /// The command of these words, in this folder, with these stores.
    #[must_use]
    pub fn new(words: &[String], stores: &[String]) -> Self {
        let (words, environment) = (words.to_vec(), BTreeMap::new());
        Self { call: Call { words, folder: PathBuf::from("."), environment }, stores: stores.to_vec() }
    }

    /// Whether there is such a program.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.call.file().is_some()
    }
}

#[async_trait(?Send)]
impl Scenario for Watched {
    fn card(&self) -> Card {
        let about = "A command as it is, with every request let through.".to_owned();
        Card { name: "gate".to_owned(), about, stores: self.stores.clone(), workers: 1, ..Card::default() }
    }

    async fn set_up(&self, _: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let environment = surroundings::through_gate(&self.stores, &worker, Lease::Execution).await?;
        let call = Call { environment, ..self.call.clone() };
        let mut running = call.start(Pipes::Inherited)?;
        if let Some(process) = running.process() {
            worker.runs_in(process);
        }
        match running.end().await?.code() {
            Some(0) => Ok(()),
            code => Err(format!("the command ended {}", once::told(code)).into()),
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}
