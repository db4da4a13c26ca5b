//! Owns [`Explorer`]: what the commands ask of the engine, so that their course is tested without stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use raceproof::history::Trace;
use raceproof::interrupt::Interrupt;
use raceproof::run::{Engine, Followed, Progress, Replay};
use raceproof::store::StoreOptions;
use raceproof::{Checkpoint, Error, Outcome, Plan, Regression, Scenario};

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
    ) -> Result<Outcome, Error>;

    /// Goes on with a search of the scenario called `name`.
    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        checkpoint: Checkpoint,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error>;

    /// Replays a recorded execution of the scenario called `name`.
    fn replay(&mut self, name: &str, recorded: &Trace, plan: &Plan, attempts: u32) -> Result<Replay, Error>;

    /// Follows the schedule of a regression as far as it fits.
    fn follow(&mut self, regression: &Regression) -> Result<Followed, Error>;
}

/// The engine with the scenarios that it is to explore.
pub(super) struct Session {
    engine: Engine,
    scenarios: BTreeMap<String, Arc<dyn Scenario>>,
}

impl Session {
    /// Starts the stores.
    pub(super) fn start(
        options: &StoreOptions,
        interrupt: Interrupt,
        scenarios: &[Arc<dyn Scenario>],
    ) -> Result<Self, Error> {
        let engine = Engine::start(options, interrupt)?;
        let named = |scenario: &Arc<dyn Scenario>| (scenario.card().name, Arc::clone(scenario));
        Ok(Self { engine, scenarios: scenarios.iter().map(named).collect() })
    }

    /// Stops the stores and removes what was started.
    pub(super) fn stop(self) -> Result<(), Error> {
        self.engine.stop()
    }

    fn scenario(&self, name: &str) -> Arc<dyn Scenario> {
        Arc::clone(self.scenarios.get(name).expect("commands name scenarios that they gave to `start`"))
    }
}

impl Explorer for Session {
    fn description(&self) -> Vec<String> {
        self.engine.description()
    }

    fn explore(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let scenario = self.scenario(name);
        self.engine.explore(&scenario, plan, progress)
    }

    fn resume(
        &mut self,
        name: &str,
        plan: &Plan,
        checkpoint: Checkpoint,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let scenario = self.scenario(name);
        self.engine.resume(&scenario, plan, checkpoint, progress)
    }

    fn replay(&mut self, name: &str, recorded: &Trace, plan: &Plan, attempts: u32) -> Result<Replay, Error> {
        let scenario = self.scenario(name);
        self.engine.replay(&scenario, recorded, plan, attempts)
    }

    fn follow(&mut self, regression: &Regression) -> Result<Followed, Error> {
        let scenario = self.scenario(&regression.scenario);
        self.engine.follow(&scenario, regression, &Plan::default())
    }
}
