//! Owns [`Promises`]: what a race has beside its workers, and the scenario of workers whose programs are closures.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::program::{Prepare, Work};

/// What is there before the workers, after them, and what must hold.
#[derive(Default)]
pub(crate) struct Promises {
    pub(crate) set_up: Option<Box<dyn Prepare>>,
    pub(crate) aftermath: Option<Box<dyn Work>>,
    pub(crate) always: Vec<Invariant>,
    pub(crate) finally: Vec<Invariant>,
}

impl Promises {
    pub(crate) async fn set_up(&self, stores: &mut SetUp) -> Result {
        match &self.set_up {
            Some(set_up) => set_up.run(stores).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn aftermath(&self, worker: Worker) -> Result {
        match &self.aftermath {
            Some(program) => program.run(worker).await,
            None => Ok(()),
        }
    }
}

/// Workers, each with its program.
pub(crate) struct Team {
    pub(crate) card: Card,
    pub(crate) promises: Promises,
    /// One for each worker, in the order of their names.
    pub(crate) programs: Vec<Arc<dyn Work>>,
}

#[async_trait(?Send)]
impl Scenario for Team {
    fn card(&self) -> Card {
        self.card.clone()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.promises.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        match self.programs.get(worker.index()) {
            Some(program) => program.run(worker).await,
            // A record, or a kept schedule, may be of a race that had more.
            None => Err(format!("the race has no program for worker {}", worker.id()).into()),
        }
    }

    fn has_aftermath(&self) -> bool {
        self.promises.aftermath.is_some()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.promises.aftermath(worker).await
    }

    fn always(&self) -> Vec<Invariant> {
        self.promises.always.clone()
    }

    fn finally(&self) -> Vec<Invariant> {
        self.promises.finally.clone()
    }
}
