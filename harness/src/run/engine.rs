//! Owns [`Engine`]: the one entry to a run, from started stores to their removal, without `async`.

use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

use super::burst::Barrage;
use super::earliest::Earliest;
use super::evidence::{Untold, replays};
use super::exploration::Exploration;
use super::idle::Idle;
use super::patience::Patience;
use super::progress::Progress;
use super::retry::{Followed, Retry};
use super::rig::{Detail, Rig};
use super::search::Search;
use super::surroundings::Home;
use super::timers::Timers;
use crate::checkpoint::{Checkpoint, SearchIdentity};
use crate::choice::Schedule;
use crate::error::Error;
use crate::explore::Guided;
use crate::gate::{AtWork, Backend, Gate, GateError};
use crate::history::Trace;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, Replays};
use crate::plan::{Plan, RunLimits, StrategyKind};
use crate::regression::Regression;
use crate::scenario::Scenario;
use crate::store::postgres::{self, PostgresBackend};
use crate::store::redis::{self, RedisBackend};
use crate::store::{SetUp, StoreOptions, Stores};

/// Started stores, the gate before them, and the one thread on which gate, workers and scheduler run.
///
/// Dropping it stops the stores as [`stop`](Self::stop) does, but keeps the errors to itself.
pub struct Engine {
    rig: Rig,
    stores: Stores,
    interrupt: Interrupt,
    runtime: LocalRuntime,
    /// The violation that the last search found, if it gathered no evidence.
    untold: Option<Untold>,
    _at_work: AtWork,
}

/// What replaying a recorded schedule gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The last replay.
    pub trace: Trace,
    /// How the replays compare with the record, and the first step at which one departs from it.
    pub replays: Replays,
}

impl Engine {
    /// Starts the stores and opens the gate before them.
    ///
    /// # Errors
    /// A store cannot be started or does not answer.
    pub fn start(options: &StoreOptions, interrupt: Interrupt) -> Result<Self, Error> {
        let idle = Arc::new(Idle::default());
        let bell = Arc::clone(&idle);
        let mut builder = Builder::new_current_thread();
        let name = Home::next_name();
        builder.enable_all().start_paused(true).thread_name(name.clone()).on_thread_park(move || bell.ring());
        let runtime = builder.build_local(LocalOptions::default()).map_err(Error::Runtime)?;
        let (stores, rig) = runtime.block_on(async {
            let home = Home::here(name);
            let timers = Timers::new();
            let stores = Stores::start(options).await?;
            let (gate, set_up) = open(&stores).await?;
            timers.freeze().await;
            let (patience, surroundings) = (Patience::new(), None);
            let (prepared_for, shares_memory, subjects) = (None, None, 0);
            let rig = Rig {
                gate,
                set_up,
                set_up_typed: None,
                idle,
                patience,
                timers,
                home,
                surroundings,
                prepared_for,
                kept: None,
                shares_memory,
                subjects,
            };
            Ok::<_, Error>((stores, rig))
        })?;
        Ok(Self { rig, stores, interrupt, runtime, untold: None, _at_work: AtWork::begin() })
    }

    /// The stores in force, one line each.
    #[must_use]
    pub fn description(&self) -> Vec<String> {
        self.stores.description().lines()
    }

    /// The stores themselves.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Explores the schedules of `scenario` as `plan` says, or lets its workers run free if that is the strategy; `progress`
    /// is told now and then how far it is.
    ///
    /// # Errors
    /// The scenario's set-up fails, or it needs a store that was not started. What goes wrong in an
    /// execution is part of the outcome.
    pub fn explore(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let outcome = self.explore_part(&Earliest::default(), scenario, plan, None, progress)?;
        Ok(outcome.with_checkpoints_if_unfinished())
    }

    /// The same, beside the parts that other engines make, which share `earliest`, and from where the part has come if there is a
    /// `checkpoint`. It leaves one also if it has come to its end.
    pub(super) fn explore_part(
        &mut self,
        earliest: &Earliest,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        checkpoint: Option<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        self.check_stores(scenario)?;
        if let Some(checkpoint) = &checkpoint {
            checkpoint.head().check(&SearchIdentity::of(&scenario.card(), plan))?;
        }
        self.untold = None;
        let (stores, rig, interrupt) = (self.description(), &mut self.rig, &self.interrupt);
        if plan.strategy == StrategyKind::Burst {
            let barrage = Barrage { rig, scenario, plan, interrupt, progress, stores };
            return self.runtime.block_on(barrage.run());
        }
        let checkpoint = checkpoint.map(Box::new);
        let exploration = Exploration { rig, scenario, plan, interrupt, earliest, progress };
        let search = Search { exploration, checkpoint, stores };
        let (outcome, untold) = self.runtime.block_on(search.run())?;
        self.untold = untold;
        Ok(outcome)
    }

    /// The `outcome` of the last search with the evidence of the violation that it found and of which it gathered none.
    pub(super) fn with_evidence(&mut self, mut outcome: Outcome) -> Result<Outcome, Error> {
        if let Some(untold) = self.untold.take() {
            self.runtime.block_on(untold.tell(&mut self.rig, &mut outcome))?;
            outcome.keep_evidence();
        }
        Ok(outcome)
    }

    /// Goes on with a search from where it was ended, to the end or the budgets of `plan`. Executions are counted from the begin of
    /// the search, the time from now on.
    ///
    /// # Errors
    /// As for [`explore`](Self::explore), and if `checkpoint` is of another search than that of `scenario` by `plan`.
    pub fn resume(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        checkpoint: Checkpoint,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let outcome = self.explore_part(&Earliest::default(), scenario, plan, Some(checkpoint), progress)?;
        Ok(outcome.with_checkpoints_if_unfinished())
    }

    /// Replays the schedule of `recorded`, `attempts` times, with the seed and the limits of `plan`.
    ///
    /// # Errors
    /// As for [`explore`](Self::explore).
    pub fn replay(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        recorded: &Trace,
        plan: &Plan,
        attempts: u32,
    ) -> Result<Replay, Error> {
        self.check_stores(scenario)?;
        let subject = self.rig.subject(scenario, plan).recorded(scenario, recorded.programs.as_ref())?;
        let attempts = attempts.max(1);
        let (replays, last) = self.runtime.block_on(async {
            let subject = self.rig.judged_by_orders(subject).await?;
            replays(&mut self.rig, &subject, recorded, attempts).await
        })?;
        let last = last.expect("at least one attempt was made");
        Ok(Replay { trace: self.rig.trace(&last), replays })
    }

    /// Follows the schedule of `regression` as far as it fits, with the limits of `plan`.
    ///
    /// # Errors
    /// As for [`explore`](Self::explore).
    pub fn follow(
        &mut self,
        scenario: &Arc<dyn Scenario>,
        regression: &Regression,
        plan: &Plan,
    ) -> Result<Followed, Error> {
        self.check_stores(scenario)?;
        let retry = Retry::run(&mut self.rig, scenario, plan, regression, Detail::EveryStep);
        let Retry { executed, fate, .. } = self.runtime.block_on(retry)?;
        Ok(Followed { trace: self.rig.trace(&executed), fate })
    }

    /// Runs the workers of `scenario` once, with whatever they send let through at once, for as long as they take.
    ///
    /// # Errors
    /// As for [`explore`](Self::explore).
    pub fn run_through(&mut self, scenario: &Arc<dyn Scenario>) -> Result<Trace, Error> {
        self.check_stores(scenario)?;
        let limits = RunLimits { steps_max: usize::MAX, settle_ms_max: u64::MAX, step_ms_max: u64::MAX };
        let plan = Plan { limits, splits_max: 0, ..Plan::default() };
        let subject = self.rig.subject(scenario, &plan);
        let team = subject.whole_team();
        let mut guided = Guided::new(Schedule::default());
        let executed = self.rig.execute(&subject, &team, Detail::EveryStep, &mut guided);
        let executed = self.runtime.block_on(executed)?;
        Ok(self.rig.trace(&executed))
    }

    fn check_stores(&self, scenario: &Arc<dyn Scenario>) -> Result<(), Error> {
        let has =
            |name: &String| self.rig.gate.backends().iter().any(|backend| backend.name() == name.as_str());
        match scenario.card().stores.into_iter().find(|name| !has(name)) {
            Some(missing) => Err(GateError::NoSuchStore(missing).into()),
            None => Ok(()),
        }
    }

    /// Stops the stores and removes everything that was started.
    ///
    /// # Errors
    /// Something could not be removed; it is found and removed at the next start.
    pub fn stop(self) -> Result<(), Error> {
        let Self { rig, stores, runtime, .. } = self;
        runtime.block_on(async {
            rig.timers.thaw();
            drop(rig);
            Ok(stores.stop().await?)
        })
    }
}

async fn open(stores: &Stores) -> Result<(Gate, SetUp), Error> {
    let (mut backends, mut set_up) = (Vec::<Box<dyn Backend>>::new(), SetUp::default());
    for (name, server) in redis::NAMES.into_iter().zip(stores.redis_servers()) {
        let backend = RedisBackend::connect_as(name, server.clone()).await.map_err(GateError::from)?;
        backends.push(Box::new(backend));
        set_up.open(name, server).await?;
    }
    if let Some(server) = stores.postgres() {
        let backend = PostgresBackend::connect(server.clone()).await.map_err(GateError::from)?;
        backends.push(Box::new(backend));
        set_up.open(postgres::NAME, server).await?;
    }
    Ok((Gate::new(backends), set_up))
}
