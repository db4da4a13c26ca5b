//! Owns the asking of a scenario whether its promises hold, where only the stores themselves, or programs, can tell.

use std::sync::Arc;
use std::time::Duration;

use super::execution::Execution;
use super::halt::Halt;
use super::patience::{Exhausted, Patience};
use crate::error::Error;
use crate::gate::spinning;
use crate::history::Operation;
use crate::scenario::{Moment, Scenario};
use crate::store::SetUp;
use crate::verdict::{Inconclusive, Violation};

/// One question.
pub(super) struct Inspection<'a> {
    pub(super) scenario: &'a Arc<dyn Scenario>,
    pub(super) moment: Moment,
    pub(super) operations: &'a [Operation],
    /// After which step it is asked, if that is to be told.
    pub(super) step: Option<usize>,
    /// The longest time that the answer may take.
    pub(super) limit: Duration,
    /// How often stores were killed so far.
    pub(super) outages: u64,
}

impl Inspection<'_> {
    /// The promise that is broken, if one is.
    pub(super) async fn run(
        self,
        set_up: &mut SetUp,
        patience: &Patience,
    ) -> Result<Option<Violation>, Halt> {
        let Self { scenario, moment, operations, step, limit, outages } = self;
        if !scenario.inspects(moment) {
            return Ok(None);
        }
        set_up.refresh(outages).await.map_err(|error| Halt::Error(error.into()))?;
        let mut answer = scenario.inspect(set_up, operations, moment);
        match patience.within(limit, spinning(|context| answer.as_mut().poll(context))).await {
            Ok(Ok(broken)) => Ok(broken.map(|broken| Violation::new(broken.promise, broken.found, step))),
            Ok(Err(source)) => Err(Halt::Error(Error::Inspection { scenario: scenario.card().name, source })),
            Err(Exhausted) => {
                let what = format!("the invariants were not judged within {} ms", limit.as_millis());
                Err(Halt::Inconclusive(Inconclusive::StoreLost { what }))
            }
        }
    }
}

impl Execution<'_> {
    /// The promise that the scenario itself finds broken now, if one is.
    pub(super) async fn inspect(&mut self, moment: Moment) -> Result<Option<Violation>, Halt> {
        let steps = self.steps.len();
        let inspection = Inspection {
            scenario: self.setting.scenario,
            moment,
            operations: self.log.operations(),
            step: (moment == Moment::Always && steps > 0).then_some(steps),
            limit: self.setting.step_max(),
            outages: self.gate.outages(),
        };
        if self.setting.is_warm_up {
            Ok(None)
        } else {
            inspection.run(self.set_up, self.setting.patience).await
        }
    }
}
