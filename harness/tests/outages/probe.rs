//! Owns [`Probe`]: a scenario made of a set-up and a program, and a search of it under a fault model.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::TraceStep;
use raceproof::interrupt::Interrupt;
use raceproof::run::{Engine, Replay};
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, FaultKind, FaultModel, Invariant, Outcome, Plan, Scenario, View, Worker};

type Work = dyn Fn(Worker) -> Pin<Box<dyn Future<Output = Result>>> + Send + Sync;
type Judge = dyn Fn(&View<'_>) -> std::result::Result<(), String> + Send + Sync;

/// A scenario for one test.
pub(crate) struct Probe {
    stores: Vec<&'static str>,
    workers: usize,
    /// What the set-up does: SQL, or commands with words separated by blanks.
    sql: &'static str,
    commands: Vec<&'static str>,
    work: Box<Work>,
    judge: Arc<Judge>,
}

impl Probe {
    /// One worker that runs `work` on these stores.
    pub(crate) fn new<F>(stores: &[&'static str], work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        let work =
            Box::new(move |worker| -> Pin<Box<dyn Future<Output = Result>>> { Box::pin(work(worker)) });
        let judge = Arc::new(|_: &View<'_>| Ok(()));
        Self { stores: stores.to_vec(), workers: 1, sql: "", commands: Vec::new(), work, judge }
    }

    pub(crate) fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    pub(crate) fn sql(self, sql: &'static str) -> Self {
        Self { sql, ..self }
    }

    pub(crate) fn given(mut self, command: &'static str) -> Self {
        self.commands.push(command);
        self
    }

    /// What must hold in the end.
    pub(crate) fn promising(
        self,
        judge: impl Fn(&View<'_>) -> std::result::Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { judge: Arc::new(judge), ..self }
    }

    pub(crate) fn scenario(self) -> Arc<dyn Scenario> {
        Arc::new(self)
    }
}

#[async_trait(?Send)]
impl Scenario for Probe {
    fn card(&self) -> Card {
        let stores = self.stores.iter().map(|store| (*store).to_owned()).collect();
        Card { name: "probe/outage".to_owned(), stores, workers: self.workers, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        if !self.sql.is_empty() {
            stores.postgres().batch_execute(self.sql).await?;
        }
        for words in &self.commands {
            let mut words = words.split(' ');
            let mut command = redis::cmd(words.next().expect("a command has a name"));
            words.for_each(|word| {
                command.arg(word);
            });
            command.exec_async(stores.redis()).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        (self.work)(worker).await
    }

    fn finally(&self) -> Vec<Invariant> {
        let judge = Arc::clone(&self.judge);
        vec![Invariant::new("the promise of the test", move |view| judge(view))]
    }
}

/// Fresh stores with a gate before them.
pub(crate) fn engine(provider: ProviderChoice, needs: Needs) -> Engine {
    let options = StoreOptions { provider, needs, ..StoreOptions::default() };
    Engine::start(&options, Interrupt::never()).expect("the stores are installed (see ci/setup)")
}

pub(crate) fn local(needs: Needs) -> Engine {
    engine(ProviderChoice::Local, needs)
}

/// One fault of this kind, in any place.
pub(crate) fn plan(kind: FaultKind) -> Plan {
    Plan { model: FaultModel::one(kind), keep_going: true, ..Plan::default() }
}

/// Explores all of it.
pub(crate) fn explore(engine: &mut Engine, probe: Probe, kind: FaultKind) -> Outcome {
    engine.explore(&probe.scenario(), &plan(kind), &mut |_| {}).expect("the search runs")
}

/// Replays the first violation of `outcome` twenty times.
pub(crate) fn replay(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    outcome: &Outcome,
    kind: FaultKind,
) -> Replay {
    let found = outcome.counterexample.as_ref().expect("a violation has evidence");
    engine.replay(scenario, &found.original, &plan(kind), 20).expect("the replay runs")
}

/// The first violating execution, a line for each step.
pub(crate) fn told(outcome: &Outcome) -> Vec<String> {
    let found = outcome.counterexample.as_ref().expect("a violation has evidence");
    found.original.steps.iter().map(TraceStep::tell).collect()
}
