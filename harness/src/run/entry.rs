//! Owns [`Entry`]: a workload with which a search has begun, and how far its schedules are explored.

use super::rig::{Rig, Subject};
use super::search::{Search, strategy, team};
use crate::checkpoint::{CheckpointError, WorkloadState};
use crate::error::Error;
use crate::explore::Strategy;
use crate::id::WorkerId;

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
    /// The workload with this `number`, explored as far as `state` says.
    pub(super) async fn begin(
        search: &mut Search<'_>,
        number: u64,
        mut state: WorkloadState,
    ) -> Result<Self, Error> {
        let subject = search.rig.subject(search.scenario, search.plan);
        let (subject, workloads) = match search.scenario.generator() {
            Some(generator) => (subject.drawn(generator, number)?, generator.workloads()),
            None => (subject, 1),
        };
        let subject = search.rig.judged_by_orders(subject).await?;
        let workloads = usize::try_from(workloads).unwrap_or(usize::MAX);
        let (workers, mut strategy) = (team(&subject), strategy(search.plan, workloads));
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
    pub(super) fn stands(&mut self) -> Option<WorkloadState> {
        Some(WorkloadState { strategy: Some(self.strategy.checkpoint()?), ..self.state.clone() })
    }
}
