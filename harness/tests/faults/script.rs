//! Owns [`Script`]: a scenario in which each worker sends a list of commands to one store, and searches of it on a fresh
//! local one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use raceproof::fault::FaultModel;
use raceproof::history::{Effect, Fault, Hit, Operation, OperationEnd, Trace, TraceStep};
use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::{Engine, Replay};
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Invariant, Outcome, Plan, Scenario, Verdict, View, Worker, WorkerId};
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client as PostgresClient;

/// How often each schedule is replayed.
const REPLAYS: u32 = 20;

/// Which store a script talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Redis,
    Postgres,
}

/// A scenario for one test. What each command gives is in the history: `ok` with its result, `refused` with the code of
/// its error, or `unknown` if the connection ended, after which the worker goes on with the next one on a new
/// connection. `sleep 5` sleeps for 5 ms; an SQL statement behind `prepared: ` goes the way of prepared statements.
pub(crate) struct Script {
    store: Store,
    set_up: Vec<&'static str>,
    workers: Vec<Vec<&'static str>>,
    over_tcp: bool,
    finally: Vec<Invariant>,
}

impl Script {
    pub(crate) fn redis(workers: &[&[&'static str]]) -> Self {
        Self::of(Store::Redis, workers)
    }

    pub(crate) fn postgres(workers: &[&[&'static str]]) -> Self {
        Self::of(Store::Postgres, workers)
    }

    fn of(store: Store, workers: &[&[&'static str]]) -> Self {
        let workers = workers.iter().map(|commands| commands.to_vec()).collect();
        Self { store, set_up: Vec::new(), workers, over_tcp: false, finally: Vec::new() }
    }

    /// A command of the set-up.
    pub(crate) fn given(mut self, command: &'static str) -> Self {
        self.set_up.push(command);
        self
    }

    /// The workers' clients come over the network and not from this process's memory.
    pub(crate) fn over_tcp(mut self) -> Self {
        self.over_tcp = true;
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

    /// Explores all of it under a fault model.
    pub(crate) fn explore(self, model: &str) -> Outcome {
        let strategy = StrategyKind::Dfs;
        self.explore_as(&Plan { keep_going: true, strategy, reduces: false, ..plan(model) })
    }

    /// Explores it as `plan` says.
    pub(crate) fn explore_as(self, plan: &Plan) -> Outcome {
        let mut engine = engine(self.store);
        let scenario: Arc<dyn Scenario> = Arc::new(self);
        let outcome = engine.explore(&scenario, plan, &mut |_| {}).expect("the search runs");
        engine.stop().expect("the store stops");
        outcome
    }

    /// Runs one schedule, and then replays it: it fits to its end and tells the same every time.
    pub(crate) fn along(self, schedule: &str, model: &str) -> Trace {
        let (first, again) = self.replays(schedule, model);
        checked(schedule, &first, again)
    }

    /// As much of a schedule as fits.
    pub(crate) fn fitting(self, schedule: &str, model: &str) -> String {
        self.replays(schedule, model).0.trace.schedule.to_string()
    }

    fn replays(self, schedule: &str, model: &str) -> (Replay, Replay) {
        let mut engine = engine(self.store);
        let workers = self.workers.len();
        let scenario: Arc<dyn Scenario> = Arc::new(self);
        let replayed = replays(&mut engine, &scenario, workers, schedule, model);
        engine.stop().expect("the store stops");
        replayed
    }
}

/// Runs one schedule of a scenario, and then replays it: it fits to its end and tells the same every time.
pub(crate) fn along(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    workers: usize,
    schedule: &str,
    model: &str,
) -> Trace {
    let (first, again) = replays(engine, scenario, workers, schedule, model);
    checked(schedule, &first, again)
}

fn checked(schedule: &str, first: &Replay, again: Replay) -> Trace {
    assert_eq!(first.trace.schedule.to_string(), schedule, "{:#?}", first.trace.steps);
    assert_eq!(again.replays.differing, 0, "{:?}", again.replays.first_difference);
    again.trace
}

fn replays(
    engine: &mut Engine,
    scenario: &Arc<dyn Scenario>,
    workers: usize,
    schedule: &str,
    model: &str,
) -> (Replay, Replay) {
    let workers = (0..workers).map(|index| WorkerId(u16::try_from(index).expect("few"))).collect();
    let recorded = Trace {
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
    let plan = plan(model);
    let first = engine.replay(scenario, &recorded, &plan, 1).expect("the schedule runs");
    let again = engine.replay(scenario, &first.trace, &plan, REPLAYS).expect("the schedule runs");
    (first, again)
}

/// A plan under a fault model.
pub(crate) fn plan(model: &str) -> Plan {
    let model: FaultModel = model.parse().expect("a fault model");
    Plan { splits_max: 0, model, ..Plan::default() }
}

/// A fresh local store with a gate before it.
pub(crate) fn engine(store: Store) -> Engine {
    let needs = match store {
        Store::Redis => Needs::REDIS,
        Store::Postgres => Needs::POSTGRES,
    };
    engine_with(needs)
}

/// Fresh local stores with a gate before them.
pub(crate) fn engine_with(needs: Needs) -> Engine {
    let options = StoreOptions { provider: ProviderChoice::Local, needs, ..StoreOptions::default() };
    Engine::start(&options, Interrupt::never()).expect("the stores are installed (see ci/setup)")
}

#[async_trait(?Send)]
impl Scenario for Script {
    fn card(&self) -> Card {
        let store = match self.store {
            Store::Redis => "redis",
            Store::Postgres => "postgres",
        };
        Card {
            name: "faults/script".to_owned(),
            stores: vec![store.to_owned()],
            workers: self.workers.len(),
            ..Card::default()
        }
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        for command in &self.set_up {
            match self.store {
                Store::Redis => packed(command).exec_async(stores.redis()).await?,
                Store::Postgres => stores.postgres().batch_execute(command).await?,
            }
        }
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut client = None;
        for command in &self.workers[worker.index()] {
            if let Some(ms) = command.strip_prefix("sleep ") {
                worker.sleep(Duration::from_millis(ms.parse()?)).await;
                continue;
            }
            if client.is_none() {
                client = Some(match self.over_tcp {
                    true => Client::connect(&worker, self.store).await?,
                    false => Client::open(&worker, self.store).await?,
                });
            }
            let invocation = worker.invoke("send", command);
            match client.as_mut().expect("it was opened above").send(command).await {
                Answer::Ok(result) => invocation.ok(result),
                Answer::Error(code) => invocation.refused(code),
                Answer::End => {
                    invocation.unknown("the connection ended");
                    client = None;
                }
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

/// A worker's client.
enum Client {
    Redis(MultiplexedConnection),
    Postgres(PostgresClient),
}

enum Answer {
    Ok(String),
    Error(String),
    End,
}

impl Client {
    async fn open(worker: &Worker, store: Store) -> Result<Self> {
        Ok(match store {
            Store::Redis => Self::Redis(worker.redis().await?),
            Store::Postgres => Self::Postgres(worker.postgres().await?),
        })
    }

    async fn connect(worker: &Worker, store: Store) -> Result<Self> {
        Ok(match store {
            Store::Redis => {
                let patient = redis::AsyncConnectionConfig::new().set_response_timeout(None);
                let client = redis::Client::open(worker.redis_url().await?)?;
                Self::Redis(client.get_multiplexed_async_connection_with_config(&patient).await?)
            }
            Store::Postgres => {
                let (client, driver) =
                    tokio_postgres::connect(&worker.postgres_url().await?, tokio_postgres::NoTls).await?;
                tokio::spawn(async move { driver.await.unwrap_or_default() });
                Self::Postgres(client)
            }
        })
    }

    async fn send(&mut self, command: &str) -> Answer {
        match self {
            Self::Redis(connection) => match packed(command).query_async::<redis::Value>(connection).await {
                Ok(value) => Answer::Ok(format!("{value:?}")),
                Err(error) if error.is_io_error() => Answer::End,
                Err(error) => {
                    let code = error.code().unwrap_or("none");
                    Answer::Error(format!("{code} as {:?}", error.kind()))
                }
            },
            Self::Postgres(client) => {
                let sent = match command.strip_prefix("prepared: ") {
                    Some(sql) => client.query(sql, &[]).await.map(|rows| rows.len()),
                    None => client.simple_query(command).await.map(|messages| messages.len()),
                };
                match sent {
                    Ok(count) => Answer::Ok(count.to_string()),
                    Err(error) => match error.as_db_error() {
                        // What a client is told before the end is an answer too, but the last one.
                        Some(told) if told.severity() == "FATAL" => Answer::End,
                        Some(told) => {
                            // Those that were injected do not tell where.
                            let origin = if told.routine().is_some() { " of the server's own" } else { "" };
                            Answer::Error(format!("{}{origin}", told.code().code()))
                        }
                        None => Answer::End,
                    },
                }
            }
        }
    }
}

/// A Redis command, words separated by blanks.
pub(crate) fn packed(command: &str) -> redis::Cmd {
    let mut words = command.split(' ');
    let mut packed = redis::cmd(words.next().expect("a command has a name"));
    words.for_each(|word| {
        packed.arg(word);
    });
    packed
}

/// The fault of a step, and what it hit.
pub(crate) fn fault(step: &TraceStep) -> (&Fault, Option<&Hit>) {
    match &step.effect {
        Effect::Fault { fault, hit } => (fault, hit.as_ref()),
        other => panic!("a fault was expected, not {other:?}"),
    }
}

/// How the operations of a worker ended, in a word each, with what a fault did to them.
pub(crate) fn ended(trace: &Trace, worker: u16) -> Vec<String> {
    let told = |operation: &Operation| {
        let end = match &operation.end {
            OperationEnd::Open => "open".to_owned(),
            OperationEnd::Ok(result) => format!("ok {result}"),
            OperationEnd::Refused(code) => format!("error {code}"),
            OperationEnd::Unknown(_) => "unknown".to_owned(),
        };
        let hit = operation.fault.map(|fault| {
            format!(", hit in step {}{}", fault.step, if fault.executed { " when executed" } else { "" })
        });
        end + &hit.unwrap_or_default()
    };
    let of_worker = trace.operations.iter().filter(|operation| operation.worker == WorkerId(worker));
    of_worker.map(told).collect()
}
