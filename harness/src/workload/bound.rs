//! Owns [`Bound`]: a workload whose operations are given.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::Workload;
use crate::card::Card;
use crate::check::Invariant;
use crate::id::WorkerId;
use crate::programs::{Planned, Programs};
use crate::scenario::{Result, Scenario};
use crate::store::SetUp;
use crate::worker::Worker;

/// The scenario in which each worker does its list of operations. They are made from what a record holds, so what is searched
/// is what is replayed.
pub(super) struct Bound<W: Workload> {
    workload: Arc<W>,
    operations: BTreeMap<WorkerId, Vec<W::Operation>>,
}

impl<W: Workload> Bound<W> {
    /// The scenario in which `programs` are done.
    pub(super) fn new(workload: Arc<W>, programs: &Programs) -> Result<Self> {
        let made = |planned: &Planned| -> Result<W::Operation> {
            let made = serde_json::from_value(planned.value.clone());
            made.map_err(|error| format!("`{}` is none of its operations: {error}", planned.text).into())
        };
        let list = |(worker, list): (&WorkerId, &Vec<Planned>)| -> Result<_> {
            Ok((*worker, list.iter().map(made).collect::<Result<_>>()?))
        };
        let operations = programs.operations.iter().map(list).collect::<Result<_>>()?;
        Ok(Self { workload, operations })
    }
}

#[async_trait(?Send)]
impl<W: Workload> Scenario for Bound<W> {
    fn card(&self) -> Card {
        self.workload.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.workload.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let Some(operations) = self.operations.get(&worker.id()) else { return Ok(()) };
        let mut session = self.workload.open(&worker).await?;
        for (place, operation) in operations.iter().enumerate() {
            worker.begins(place);
            self.workload.perform(&worker, &mut session, operation).await?;
        }
        Ok(())
    }

    fn has_aftermath(&self) -> bool {
        self.workload.has_aftermath()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.workload.aftermath(worker).await
    }

    fn always(&self) -> Vec<Invariant> {
        self.workload.always()
    }

    fn finally(&self) -> Vec<Invariant> {
        self.workload.finally()
    }
}
