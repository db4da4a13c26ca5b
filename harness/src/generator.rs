//! Owns [`Generator`]: what draws the operations of a scenario's workers, and makes them simpler.

use std::sync::Arc;

use crate::id::WorkerId;
use crate::programs::{Planned, Programs};
use crate::scenario::{Result, Scenario};

/// What draws the operations of a scenario's workers. [`Generated`](crate::workload::Generated) is one.
///
/// The same seed draws the same operations, on every machine.
pub trait Generator: Send + Sync {
    /// How many workloads a search draws, at least 1.
    fn workloads(&self) -> u64;

    /// The workload with this `number` (from 0), which small numbers make small, of a run with this `seed`.
    ///
    /// # Errors
    /// What was asked for cannot be drawn.
    fn draw(&self, seed: u64, number: u64, workers: usize) -> Result<Programs>;

    /// What is simpler than the operation in this `position` of what was drawn for `worker`.
    ///
    /// # Errors
    /// As for [`draw`](Self::draw).
    fn simplifying(
        &self,
        seed: u64,
        number: u64,
        worker: WorkerId,
        position: usize,
    ) -> Result<Box<dyn Simplifying>>;

    /// The scenario whose workers do `programs`.
    ///
    /// # Errors
    /// An operation of `programs` is none of this scenario.
    fn doing(&self, programs: &Programs) -> Result<Arc<dyn Scenario>>;
}

/// A search for the simplest operation with a property. It starts at the operation that was drawn, which has it.
pub trait Simplifying {
    /// The one that it is at.
    ///
    /// # Errors
    /// It cannot be told as JSON.
    fn current(&self) -> Result<Planned>;

    /// Goes on to a simpler one than the current, which has the property; `false` if there is none.
    fn simplify(&mut self) -> bool;

    /// Goes part of the way back from the current one, which does not have it; `false` if there is none.
    fn complicate(&mut self) -> bool;
}
