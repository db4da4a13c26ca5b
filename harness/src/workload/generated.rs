//! Owns [`Generated`]: a workload as a scenario.

use std::sync::Arc;

use async_trait::async_trait;

use super::Workload;
use super::bound::Bound;
use super::draws::Draw;
use crate::card::Card;
use crate::check::Invariant;
use crate::generator::{Generator, Simplifying};
use crate::id::WorkerId;
use crate::programs::{Planned, Programs};
use crate::scenario::{Result, Scenario};
use crate::store::SetUp;
use crate::worker::Worker;

/// How many workloads a search draws unless told otherwise.
const WORKLOADS: u64 = 16;

/// A [`Workload`] as a [`Scenario`]: everything that can be done with one can be done with it.
///
/// Workers that run free, in bursts, do the last and largest of the workloads.
pub struct Generated<W> {
    workload: Arc<W>,
    workloads: u64,
}

impl<W: Workload> Generated<W> {
    /// The scenario; a search draws 16 workloads.
    #[must_use]
    pub fn new(workload: W) -> Self {
        Self { workload: Arc::new(workload), workloads: WORKLOADS }
    }

    /// The same with so many workloads, at least 1, which share the budget of a search.
    #[must_use]
    pub fn drawing(self, workloads: u64) -> Self {
        Self { workloads: workloads.max(1), ..self }
    }

    /// The most operations that a worker has in the workload with this number: the last one has the most.
    fn longest(&self, number: u64) -> usize {
        let lengths = self.workload.lengths();
        let more = lengths.end().saturating_sub(*lengths.start()) as u64;
        let grown = more.saturating_mul(number.saturating_add(1)).div_ceil(self.workloads).min(more);
        lengths.start() + usize::try_from(grown).unwrap_or(usize::MAX)
    }

    fn list(&self, seed: u64, number: u64, worker: usize) -> Result<Vec<Planned>> {
        let draw = Draw { seed, number, worker };
        let strategy = self.workload.operation(worker);
        let length = draw.length(*self.workload.lengths().start(), self.longest(number))?;
        (0..length).map(|position| draw.operation(&strategy, position)?.current()).collect()
    }
}

impl<W: Workload> Generator for Generated<W> {
    fn workloads(&self) -> u64 {
        self.workloads
    }

    fn draw(&self, seed: u64, number: u64, workers: usize) -> Result<Programs> {
        let list = |worker: usize| -> Result<_> {
            Ok((WorkerId(u16::try_from(worker)?), self.list(seed, number, worker)?))
        };
        Ok(Programs { number, operations: (0..workers).map(list).collect::<Result<_>>()? })
    }

    fn simplifying(
        &self,
        seed: u64,
        number: u64,
        worker: WorkerId,
        position: usize,
    ) -> Result<Box<dyn Simplifying>> {
        let draw = Draw { seed, number, worker: worker.index() };
        Ok(Box::new(draw.operation(&self.workload.operation(worker.index()), position)?))
    }

    fn doing(&self, programs: &Programs) -> Result<Arc<dyn Scenario>> {
        Ok(Arc::new(Bound::new(Arc::clone(&self.workload), programs)?))
    }
}

#[async_trait(?Send)]
impl<W: Workload> Scenario for Generated<W> {
    fn card(&self) -> Card {
        self.workload.card()
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        self.workload.set_up(stores).await
    }

    async fn work(&self, worker: Worker) -> Result {
        let (number, index) = (self.workloads - 1, worker.index());
        let operations = [(worker.id(), self.list(worker.seed(), number, index)?)].into();
        Bound::new(Arc::clone(&self.workload), &Programs { number, operations })?.work(worker).await
    }

    fn has_aftermath(&self) -> bool {
        self.workload.has_aftermath()
    }

    async fn aftermath(&self, worker: Worker) -> Result {
        self.workload.aftermath(worker).await
    }

    fn generator(&self) -> Option<&dyn Generator> {
        Some(self)
    }

    fn always(&self) -> Vec<Invariant> {
        self.workload.always()
    }

    fn finally(&self) -> Vec<Invariant> {
        self.workload.finally()
    }
}

#[cfg(test)]
mod tests;
