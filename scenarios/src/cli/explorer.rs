//! Owns [`Explorer`]: what the commands ask of the engine, so that their course is tested without stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use raceproof::history::Trace;
use raceproof::interrupt::Interrupt;
use raceproof::run::{Engine, Followed, Jobs, Progress, Replay};
use raceproof::store::StoreOptions;
use raceproof::verdict::Inconclusive;
use raceproof::{Checkpoint, Error, Outcome, Plan, Regression, Scenario, Verdict};

use super::failure::Failure;

/// Explores and replays scenarios by name.
pub(super) trait Explorer {
    /// The stores in force, one line each.
    fn description(&self) -> Vec<String>;

    /// Explores the scenario called `name`.
    fn explore(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure>;

    /// Goes on with a search of the scenario called `name`, of which each engine has left one of the `checkpoints`.
    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        checkpoints: Vec<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure>;

    /// Replays a recorded execution of the scenario called `name`.
    fn replay(&mut self, name: &str, recorded: &Trace, plan: &Plan, attempts: u32)
    -> Result<Replay, Failure>;

    /// Follows the schedule of a regression as far as it fits.
    fn follow(&mut self, regression: &Regression) -> Result<Followed, Failure>;
}

/// The engine, or several of them, with the scenarios that are to be explored.
pub(super) struct Session {
    engines: Engines,
    scenarios: BTreeMap<String, Arc<dyn Scenario>>,
    options: StoreOptions,
    jobs: Option<u32>,
    interrupt: Interrupt,
    /// A search has ended because a store was lost, so the next one gets new ones.
    has_lost_a_store: bool,
}

/// Engines on threads of their own share the searches, or one does all on the thread of the program.
enum Engines {
    One(Box<Engine>),
    Several(Box<Jobs>),
}

impl Engines {
    fn start(options: &StoreOptions, jobs: Option<u32>, interrupt: &Interrupt) -> Result<Self, Error> {
        Ok(match jobs {
            None => Self::One(Box::new(Engine::start(options, interrupt.clone())?)),
            Some(jobs) => Self::Several(Box::new(Jobs::start(options, jobs, interrupt)?)),
        })
    }

    fn stop(self) -> Result<(), Error> {
        match self {
            Self::One(engine) => engine.stop(),
            Self::Several(jobs) => jobs.stop(),
        }
    }
}

impl Session {
    /// Starts the stores, for each of `jobs` engines its own; for `None` those of one engine on this thread, which uses all cores.
    pub(super) fn start(
        options: &StoreOptions,
        jobs: Option<u32>,
        interrupt: Interrupt,
        scenarios: &[Arc<dyn Scenario>],
    ) -> Result<Self, Error> {
        let engines = Engines::start(options, jobs, &interrupt)?;
        let named = |scenario: &Arc<dyn Scenario>| (scenario.card().name, Arc::clone(scenario));
        let scenarios = scenarios.iter().map(named).collect();
        let options = options.clone();
        Ok(Self { engines, scenarios, options, jobs, interrupt, has_lost_a_store: false })
    }

    /// Stops the stores and removes what was started.
    pub(super) fn stop(self) -> Result<(), Error> {
        self.engines.stop()
    }

    /// The engines, with other stores if the last search has lost one.
    fn engines(&mut self) -> Result<&mut Engines, Error> {
        if std::mem::take(&mut self.has_lost_a_store) {
            let new = Engines::start(&self.options, self.jobs, &self.interrupt)?;
            std::mem::replace(&mut self.engines, new).stop()?;
        }
        Ok(&mut self.engines)
    }

    fn noting(&mut self, outcome: Outcome) -> Outcome {
        self.has_lost_a_store =
            matches!(outcome.verdict, Verdict::Inconclusive(Inconclusive::StoreLost { .. }));
        outcome
    }

    fn scenario(&self, name: &str) -> Arc<dyn Scenario> {
        Arc::clone(self.scenarios.get(name).expect("commands name scenarios that they gave to `start`"))
    }
}

impl Explorer for Session {
    fn description(&self) -> Vec<String> {
        match &self.engines {
            Engines::One(engine) => engine.description(),
            Engines::Several(jobs) => jobs.description(),
        }
    }

    fn explore(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let scenario = self.scenario(name);
        let outcome = match self.engines()? {
            Engines::One(engine) => engine.explore(&scenario, plan, progress)?,
            Engines::Several(jobs) => jobs.explore(&scenario, plan, progress)?,
        };
        Ok(self.noting(outcome))
    }

    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        mut checkpoints: Vec<Checkpoint>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Failure> {
        let scenario = self.scenario(name);
        let outcome = match self.engines()? {
            Engines::One(engine) => {
                let only = checkpoints.pop().expect("one engine leaves one");
                engine.resume(&scenario, plan, only, progress)?
            }
            Engines::Several(jobs) => jobs.resume(&scenario, plan, checkpoints, progress)?,
        };
        Ok(self.noting(outcome))
    }

    fn replay(
        &mut self,
        name: &str,
        recorded: &Trace,
        plan: &Plan,
        attempts: u32,
    ) -> Result<Replay, Failure> {
        let scenario = self.scenario(name);
        Ok(match self.engines()? {
            Engines::One(engine) => engine.replay(&scenario, recorded, plan, attempts)?,
            Engines::Several(jobs) => jobs.replay(&scenario, recorded, plan, attempts)?,
        })
    }

    fn follow(&mut self, regression: &Regression) -> Result<Followed, Failure> {
        let scenario = self.scenario(&regression.scenario);
        Ok(match self.engines()? {
            Engines::One(engine) => engine.follow(&scenario, regression, &Plan::default())?,
            Engines::Several(jobs) => jobs.follow(&scenario, regression, &Plan::default())?,
        })
    }
}
