//! Owns [`Rig`]: the gate, the stores' set-up connections and the runtime's idle bell, with which executions
//! are run one after the other.

use std::sync::Arc;
use std::time::Duration;

use super::executed::Executed;
use super::execution::{Execution, Setting};
use super::halt::Halt;
use super::idle::Idle;
use super::patience::{Exhausted, Patience};
use crate::check::Invariant;
use crate::error::Error;
use crate::explore::Strategy;
use crate::gate::{Gate, spinning};
use crate::history::Trace;
use crate::id::WorkerId;
use crate::plan::{Plan, RunLimits};
use crate::scenario::Scenario;
use crate::store::SetUp;
use crate::verdict::{Inconclusive, Verdict};

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
        let limit = Duration::from_millis(subject.limits.step_ms_max);
        let reset = self.patience.for_store(limit, "being emptied", self.gate.reset()).await;
        let prepared = match reset {
            Ok(()) => self.prepare(subject, limit).await,
            Err(halt) => Err(halt),
        };
        match prepared {
            Ok(()) => {}
            Err(Halt::Inconclusive(reason)) => {
                return Ok(Executed::never(workers, Verdict::Inconclusive(reason)));
            }
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Mismatch(_)) => unreachable!("no strategy was asked yet"),
        }
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
        Execution::start(&setting, &mut self.gate).run(strategy).await
    }

    async fn prepare(&mut self, subject: &Subject, limit: Duration) -> Result<(), Halt> {
        let mut set_up = subject.scenario.set_up(&mut self.set_up);
        let prepared = self.patience.within(limit, spinning(|context| set_up.as_mut().poll(context))).await;
        match prepared {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => {
                Err(Halt::Error(Error::SetUp { scenario: subject.scenario.card().name, source }))
            }
            Err(Exhausted) => {
                let what = format!("the set-up was not done within {} ms", limit.as_millis());
                Err(Halt::Inconclusive(Inconclusive::StoreLost { what }))
            }
        }
    }

    /// Tells an execution in text.
    pub(crate) fn trace(&self, executed: &Executed) -> Trace {
        executed.trace(self.gate.backends())
    }
}
