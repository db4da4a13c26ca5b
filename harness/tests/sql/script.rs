//! Owns [`Script`]: a scenario in which each worker sends a list of SQL statements, and searches of it on a fresh
//! local Postgres.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::{Trace, TraceStep};
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Invariant, Outcome, Plan, Scenario, Verdict, View, Worker, WorkerId};
use tokio_postgres::{Client, SimpleQueryMessage};

/// What a statement begins with that goes to the worker's second connection.
const SECOND: &str = "2: ";

/// A scenario for one test. What each statement gives is in the history: `ok` with its rows, or `refused` with the
/// code of its error, after which the worker goes on.
#[derive(Default)]
pub(crate) struct Script {
    set_up: Vec<&'static str>,
    workers: Vec<Vec<&'static str>>,
    finally: Vec<Invariant>,
}

impl Script {
    /// Workers with these statements.
    pub(crate) fn new(workers: &[&[&'static str]]) -> Self {
        Self { workers: workers.iter().map(|statements| statements.to_vec()).collect(), ..Self::default() }
    }

    /// Statements of the set-up.
    pub(crate) fn given(mut self, sql: &'static str) -> Self {
        self.set_up.push(sql);
        self
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

    /// Explores all of it.
    pub(crate) fn explore(self) -> Outcome {
        let strategy = StrategyKind::Dfs;
        self.explore_as(&Plan {
            keep_going: true,
            splits_max: 0,
            strategy,
            reduces: false,
            ..Plan::default()
        })
    }

    /// Explores it as `plan` says.
    pub(crate) fn explore_as(self, plan: &Plan) -> Outcome {
        let mut engine = engine();
        let scenario: Arc<dyn Scenario> = Arc::new(self);
        let outcome = engine.explore(&scenario, plan, &mut |_| {}).expect("the search runs");
        engine.stop().expect("the store stops");
        outcome
    }

    /// Runs one schedule, and tells its steps.
    pub(crate) fn along(self, schedule: &str) -> Vec<String> {
        self.trace(schedule).steps.iter().map(TraceStep::tell).collect()
    }

    /// Runs one schedule three times: the last one, after the others told the same.
    pub(crate) fn trace(self, schedule: &str) -> Trace {
        let mut engine = engine();
        let workers =
            (0..self.workers.len()).map(|index| WorkerId(u16::try_from(index).expect("few"))).collect();
        let mut recorded = Trace {
            workers,
            programs: None,
            schedule: schedule.parse().expect("a schedule"),
            initial_state: String::new(),
            steps: Vec::new(),
            final_state: String::new(),
            operations: Vec::new(),
            ends: BTreeMap::new(),
            verdict: Verdict::Pass,
            courses: Vec::new(),
        };
        let scenario: Arc<dyn Scenario> = Arc::new(self);
        let mut replay = |recorded: &Trace, attempts| {
            engine.replay(&scenario, recorded, &Plan::default(), attempts).expect("the schedule runs")
        };
        recorded = replay(&recorded, 1).trace;
        assert_eq!(recorded.schedule.to_string(), schedule, "{:#?}", recorded.steps);
        let again = replay(&recorded, 2);
        assert_eq!(again.replays.differing, 0, "{:?}", again.replays.first_difference);
        engine.stop().expect("the store stops");
        again.trace
    }
}

/// The card of a scenario for one test.
pub(crate) fn card(name: &str, workers: usize) -> Card {
    Card { name: name.to_owned(), stores: vec!["postgres".to_owned()], workers, ..Card::default() }
}

/// A fresh local Postgres with a gate before it.
pub(crate) fn engine() -> Engine {
    Engine::start(&local(), Interrupt::never()).expect("postgresql is installed (see ci/setup)")
}

pub(crate) fn local() -> StoreOptions {
    StoreOptions { provider: ProviderChoice::Local, needs: Needs::POSTGRES, ..StoreOptions::default() }
}

#[async_trait(?Send)]
impl Scenario for Script {
    fn card(&self) -> Card {
        card("sql/script", self.workers.len())
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        for sql in &self.set_up {
            stores.postgres().batch_execute(sql).await?;
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let statements = &self.workers[worker.index()];
        let client = worker.postgres().await?;
        let second = match statements.iter().any(|sql| sql.starts_with(SECOND)) {
            true => Some(worker.postgres().await?),
            false => None,
        };
        for sql in statements {
            match (sql.strip_prefix(SECOND), &second) {
                (Some(sql), Some(second)) => send(&worker, second, sql).await,
                _ => send(&worker, &client, sql).await,
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        match self.finally.is_empty() {
            true => vec![Invariant::anything()],
            false => self.finally.clone(),
        }
    }
}

/// Sends one statement and reports what it gives.
pub(crate) async fn send(worker: &Worker, client: &Client, sql: &str) {
    let invocation = worker.invoke("sql", sql);
    match client.simple_query(sql).await {
        Ok(messages) => invocation.ok(told(&messages)),
        Err(error) => invocation.refused(error.code().map_or("connection", |code| code.code())),
    }
}

/// Rows as `(1, a) (2, b)`.
fn told(messages: &[SimpleQueryMessage]) -> String {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            let column = |index| row.get(index).unwrap_or("NULL").to_owned();
            Some(format!("({})", (0..row.len()).map(column).collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    };
    messages.iter().filter_map(row).collect::<Vec<_>>().join(" ")
}
