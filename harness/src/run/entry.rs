//! Owns [`Entry`]: a workload with which a search has begun, and how far its schedules are explored.

use std::sync::Arc;

use super::rig::{Rig, Subject};
use crate::checkpoint::{CheckpointError, WorkloadState};
use crate::error::Error;
use crate::explore::{PartialOrderSampling, Pct, Portfolio, RandomWalk, Strategy, Systematic};
use crate::id::WorkerId;
use crate::plan::{Plan, StrategyKind};
use crate::scenario::Scenario;

/// A workload with which a search has begun.
pub(super) struct Entry {
    pub(super) subject: Subject,
    pub(super) workers: Vec<WorkerId>,
    pub(super) strategy: Box<dyn Strategy>,
    /// How far it is explored; its strategy is beside it.
    pub(super) state: WorkloadState,
    /// Whether that is from before the search was ended, and nothing has been executed since.
    pub(super) is_left: bool,
}

impl Entry {
    /// The workload of `scenario` with this `number`, explored as far as `state` says.
    pub(super) async fn begin(
        rig: &mut Rig,
        scenario: &Arc<dyn Scenario>,
        plan: &Plan,
        number: u64,
        mut state: WorkloadState,
    ) -> Result<Self, Error> {
        let subject = rig.subject(scenario, plan);
        let (subject, workloads) = match scenario.generator() {
            Some(generator) => (subject.drawn(generator, number)?, generator.workloads()),
            None => (subject, 1),
        };
        let subject = rig.judged_by_orders(subject).await?;
        let workloads = usize::try_from(workloads).unwrap_or(usize::MAX);
        let (workers, mut strategy) = (subject.whole_team(), strategy(plan, workloads));
        let left = state.strategy.take();
        let is_left = left.is_some();
        if let Some(left) = left {
            strategy.restore(left).map_err(CheckpointError::damaged)?;
        }
        Ok(Self { subject, workers, strategy, state, is_left })
    }

    /// Has `rig` know what it knew when it was at this workload.
    pub(super) fn relearn(&self, rig: &mut Rig) -> Result<(), Error> {
        if rig.relearn(&self.subject, self.state.learnt.clone()) {
            return Ok(());
        }
        Err(CheckpointError::damaged("what it has learnt is not of these stores").into())
    }

    /// Notes what `rig` knows, before it turns to another workload.
    pub(super) fn leave(&mut self, rig: &Rig) {
        self.state.learnt = rig.learnt(&self.subject);
        self.state.coarseness = rig.coarseness(&self.subject);
    }

    /// Where it stands; `None` if its strategy cannot tell.
    pub(super) fn stands(mut self) -> Option<WorkloadState> {
        Some(WorkloadState { strategy: Some(self.strategy.checkpoint()?), ..self.state })
    }
}

/// The strategy of `plan` for one of so many `workloads`, at its begin.
fn strategy(plan: &Plan, workloads: usize) -> Box<dyn Strategy> {
    let systematic =
        || Systematic::new(plan.preemption_bound, plan.reduces).of_shard(plan.shard).one_of(workloads);
    match plan.strategy {
        // Samples know no bound.
        StrategyKind::Portfolio if plan.preemption_bound.is_some() => Box::new(systematic()),
        StrategyKind::Portfolio => Box::new(Portfolio::new(systematic(), plan.seed, plan.shard)),
        StrategyKind::Dfs => Box::new(systematic()),
        StrategyKind::Random => Box::new(RandomWalk::new(plan.seed, plan.shard)),
        StrategyKind::Pct => Box::new(Pct::new(plan.seed, plan.pct_depth, plan.shard)),
        StrategyKind::Pos => Box::new(PartialOrderSampling::new(plan.seed, plan.shard)),
        StrategyKind::Burst => unreachable!("a burst chooses nothing"),
    }
}
