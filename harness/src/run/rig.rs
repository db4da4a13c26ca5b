//! Owns [`Rig`]: the gate, the stores' set-up connections and the runtime's idle bell, with which executions
//! are run one after the other.

use std::sync::Arc;

use tokio::task::LocalSet;

use super::executed::Executed;
use super::execution::{Execution, Setting};
use super::halt::Halt;
use super::idle::Idle;
use super::patience::Patience;
use crate::check::Invariant;
use crate::error::Error;
use crate::explore::Strategy;
use crate::gate::{Gate, spinning};
use crate::history::Trace;
use crate::id::WorkerId;
use crate::plan::{Plan, RunLimits};
use crate::scenario::Scenario;
use crate::store::SetUp;
use crate::verdict::Verdict;

/// What executions run on.
pub(crate) struct Rig {
    pub(crate) gate: Gate,
    pub(crate) set_up: SetUp,
    pub(crate) idle: Arc<Idle>,
    pub(crate) patience: Patience,
}

/// A scenario with everything about its executions that a search does not change.
pub(crate) struct Subject {
    pub(crate) scenario: Arc<dyn Scenario>,
    always: Vec<Invariant>,
    finally: Vec<Invariant>,
    pub(crate) seed: u64,
    limits: RunLimits,
}

/// Whether the stores are read after every step, or only where an invariant asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Needed,
    EveryStep,
}

impl Subject {
    pub(crate) fn new(scenario: &Arc<dyn Scenario>, plan: &Plan) -> Self {
        Self {
            always: scenario.always(),
            finally: scenario.finally(),
            scenario: Arc::clone(scenario),
            seed: plan.seed,
            limits: plan.limits,
        }
    }
}

impl Rig {
    /// Runs `workers` once under `strategy`, from empty stores and a fresh set-up.
    pub(crate) async fn execute(
        &mut self,
        subject: &Subject,
        workers: &[WorkerId],
        detail: Detail,
        strategy: &mut dyn Strategy,
    ) -> Result<Executed, Error> {
        if let Err(error) = self.gate.reset().await {
            return match Halt::from(error) {
                Halt::Inconclusive(reason) => Ok(Executed::never(workers, Verdict::Inconclusive(reason))),
                Halt::Error(error) => Err(error),
                Halt::Mismatch(_) => unreachable!("a reset has no strategy"),
            };
        }
        let mut set_up = subject.scenario.set_up(&mut self.set_up);
        let prepared = spinning(|context| set_up.as_mut().poll(context)).await;
        drop(set_up);
        let scenario = || subject.scenario.card().name;
        prepared.map_err(|source| Error::SetUp { scenario: scenario(), source })?;
        let setting = Setting {
            scenario: &subject.scenario,
            idle: &self.idle,
            patience: &self.patience,
            always: &subject.always,
            finally: &subject.finally,
            workers,
            seed: subject.seed,
            limits: subject.limits,
            states: detail == Detail::EveryStep,
        };
        let gate = &mut self.gate;
        let local = LocalSet::new();
        local.run_until(async { Execution::start(&setting, gate).run(strategy).await }).await
    }

    /// Tells an execution in text.
    pub(crate) fn trace(&self, executed: &Executed) -> Trace {
        executed.trace(self.gate.backends())
    }
}
