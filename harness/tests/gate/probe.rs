//! Owns [`Probe`]: a scenario made of closures, and a search of it on a fresh local Redis.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::{Effect, TraceStep};
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Invariant, Outcome, Plan, Scenario, View, Worker};

type Work = dyn Fn(Worker) -> Pin<Box<dyn Future<Output = Result>>> + Send + Sync;

/// A scenario for one test.
pub(crate) struct Probe {
    workers: usize,
    store: &'static str,
    set_up: Vec<Vec<String>>,
    work: Box<Work>,
    aftermath: Option<Box<Work>>,
    finally: Vec<Invariant>,
    is_judged_by_orders: bool,
}

impl Probe {
    /// Workers that all run `work`.
    pub(crate) fn new<F>(workers: usize, work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        let (store, set_up, finally) = ("redis", Vec::new(), Vec::new());
        let (work, aftermath, is_judged_by_orders) = (boxed(work), None, false);
        Self { workers, store, set_up, work, aftermath, finally, is_judged_by_orders }
    }

    /// What one more worker does in the end.
    pub(crate) fn afterwards<F>(self, work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        Self { aftermath: Some(boxed(work)), ..self }
    }

    /// A command of the set-up, words separated by blanks.
    pub(crate) fn given(mut self, command: &str) -> Self {
        self.set_up.push(command.split(' ').map(str::to_owned).collect());
        self
    }

    /// The store that the card names.
    pub(crate) fn needing(mut self, store: &'static str) -> Self {
        self.store = store;
        self
    }

    /// No invariant at all: it is judged by the serial orders of its workers.
    pub(crate) fn judged_by_orders(self) -> Self {
        Self { is_judged_by_orders: true, ..self }
    }

    /// An invariant for the end.
    pub(crate) fn promising(
        self,
        promise: &str,
        judge: impl Fn(&View<'_>) -> std::result::Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.ensuring(Invariant::new(promise, judge))
    }

    /// An invariant for the end that a checker makes.
    pub(crate) fn ensuring(mut self, invariant: Invariant) -> Self {
        self.finally.push(invariant);
        self
    }

    /// An invariant that never holds, so that every execution is told.
    pub(crate) fn told(self) -> Self {
        self.promising("tell", |_| Err("told".to_owned()))
    }

    /// Explores all of it on a fresh store.
    pub(crate) fn explore(self) -> Outcome {
        let strategy = StrategyKind::Dfs;
        self.explore_as(&Plan { keep_going: true, strategy, reduces: false, ..Plan::default() })
    }

    /// Explores it as `plan` says on a fresh store.
    pub(crate) fn explore_as(self, plan: &Plan) -> Outcome {
        let mut engine = engine();
        let outcome = engine.explore(&self.scenario(), plan, &mut |_| {}).expect("the search runs");
        engine.stop().expect("the store stops");
        outcome
    }

    pub(crate) fn scenario(self) -> Arc<dyn Scenario> {
        Arc::new(self)
    }
}

fn boxed<F>(work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Box<Work>
where
    F: Future<Output = Result> + 'static,
{
    Box::new(move |worker| -> Pin<Box<dyn Future<Output = Result>>> { Box::pin(work(worker)) })
}

/// A fresh local Redis with a gate before it.
pub(crate) fn engine() -> Engine {
    Engine::start(&local(), Interrupt::never()).expect("redis-server is installed (see ci/setup)")
}

pub(crate) fn local() -> StoreOptions {
    StoreOptions { provider: ProviderChoice::Local, needs: Needs::REDIS, ..StoreOptions::default() }
}

#[async_trait(?Send)]
impl Scenario for Probe {
    fn card(&self) -> Card {
        Card {
            name: "probe/probe".to_owned(),
            stores: vec![self.store.to_owned()],
            workers: self.workers,
            ..Card::default()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        for words in &self.set_up {
            let mut command = redis::cmd(&words[0]);
            words[1..].iter().for_each(|word| {
                command.arg(word);
            });
            command.exec_async(stores.redis()).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        (self.work)(worker).await
    }

    fn has_aftermath(&self) -> bool {
        self.aftermath.is_some()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        let program = self.aftermath.as_ref().expect("it is asked for only if there is one");
        program(worker).await
    }

    fn finally(&self) -> Vec<Invariant> {
        match self.finally.is_empty() && !self.is_judged_by_orders {
            true => vec![Invariant::anything()],
            false => self.finally.clone(),
        }
    }
}

/// Sends one command, words separated by blanks, over a new in-process connection of the worker.
pub(crate) async fn send<T: redis::FromRedisValue>(worker: &Worker, command: &str) -> redis::RedisResult<T> {
    query(&mut worker.redis().await?, command).await
}

/// Sends one command, words separated by blanks.
pub(crate) async fn query<T: redis::FromRedisValue>(
    connection: &mut impl redis::aio::ConnectionLike,
    command: &str,
) -> redis::RedisResult<T> {
    let mut words = command.split(' ');
    let mut packed = redis::cmd(words.next().expect("a command has a name"));
    words.for_each(|word| {
        packed.arg(word);
    });
    packed.query_async(connection).await
}

/// The first violating execution, a line for each step.
pub(crate) fn told(outcome: &Outcome) -> Vec<String> {
    let counterexample = outcome.counterexample.as_ref().expect("a violation has evidence");
    counterexample.original.steps.iter().map(TraceStep::tell).collect()
}

/// What was queued for each request of the shrunk execution.
pub(crate) fn queued(outcome: &Outcome) -> Vec<Vec<String>> {
    let counterexample = outcome.counterexample.as_ref().expect("a violation has evidence");
    let queued = |step: &TraceStep| match &step.effect {
        Effect::Request { queued, .. } => Some(queued.clone()),
        _ => None,
    };
    counterexample.shrunk.steps.iter().filter_map(queued).collect()
}
