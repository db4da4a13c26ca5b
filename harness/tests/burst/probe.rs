//! Owns [`Probe`]: a scenario made of closures, for bursts on fresh local stores.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
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
    set_up: &'static str,
    work: Box<Work>,
    aftermath: Option<Box<Work>>,
    finally: Vec<Invariant>,
}

impl Probe {
    /// Workers that all run `work` on Redis, where `set_up` (words separated by blanks, or nothing) was done before.
    pub(crate) fn redis<F>(
        workers: usize,
        set_up: &'static str,
        work: impl Fn(Worker) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        let (store, finally) = ("redis", Vec::new());
        Self { workers, store, set_up, work: boxed(work), aftermath: None, finally }
    }

    /// The same on Postgres, where the set-up is SQL.
    pub(crate) fn postgres<F>(
        workers: usize,
        set_up: &'static str,
        work: impl Fn(Worker) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        Self { store: "postgres", ..Self::redis(workers, set_up, work) }
    }

    /// What one more worker does in the end.
    pub(crate) fn afterwards<F>(self, work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + 'static,
    {
        Self { aftermath: Some(boxed(work)), ..self }
    }

    /// An invariant for the end.
    pub(crate) fn promising(
        mut self,
        promise: &str,
        judge: impl Fn(&View<'_>) -> std::result::Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.finally.push(Invariant::new(promise, judge));
        self
    }

    pub(crate) fn scenario(self) -> Arc<dyn Scenario> {
        Arc::new(self)
    }

    /// Lets it run free as `plan` says, on a store of its own.
    pub(crate) fn run(self, plan: &Plan) -> Outcome {
        let mut engine = engine(self.store);
        let outcome = engine.explore(&self.scenario(), plan, &mut |_| {}).expect("the bursts run");
        engine.stop().expect("the store stops");
        outcome
    }
}

/// At most so many bursts.
pub(crate) fn bursts(schedules_max: u64) -> Plan {
    Plan { strategy: StrategyKind::Burst, schedules_max, ..Plan::default() }
}

/// A fresh local store with a gate before it.
pub(crate) fn engine(store: &str) -> Engine {
    let needs = if store == "redis" { Needs::REDIS } else { Needs { redis: 0, postgres: true } };
    let local = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
    Engine::start(&local, Interrupt::never()).expect("the stores are installed (see ci/setup)")
}

/// Sends a command, words separated by blanks.
pub(crate) async fn query<T: redis::FromRedisValue>(
    redis: &mut redis::aio::MultiplexedConnection,
    command: &str,
) -> redis::RedisResult<T> {
    command_of(command).query_async(redis).await
}

fn command_of(words: &str) -> redis::Cmd {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().unwrap_or_default());
    for word in words {
        command.arg(word);
    }
    command
}

fn boxed<F>(work: impl Fn(Worker) -> F + Send + Sync + 'static) -> Box<Work>
where
    F: Future<Output = Result> + 'static,
{
    Box::new(move |worker| -> Pin<Box<dyn Future<Output = Result>>> { Box::pin(work(worker)) })
}

#[async_trait(?Send)]
impl Scenario for Probe {
    fn card(&self) -> Card {
        let (name, stores) = ("probe/probe".to_owned(), vec![self.store.to_owned()]);
        Card { name, stores, workers: self.workers, ..Card::default() }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        match (self.set_up, self.store) {
            ("", _) => {}
            (command, "redis") => command_of(command).exec_async(stores.redis()).await?,
            (sql, _) => stores.postgres().batch_execute(sql).await?,
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
        match &self.aftermath {
            Some(aftermath) => aftermath(worker).await,
            None => Ok(()),
        }
    }

    fn finally(&self) -> Vec<Invariant> {
        match self.finally.is_empty() {
            true => vec![Invariant::anything()],
            false => self.finally.clone(),
        }
    }
}
