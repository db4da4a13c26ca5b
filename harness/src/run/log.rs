//! Owns [`OperationLog`]: the operations of one execution, in the order in which they were reported.

use crate::history::{Operation, OperationEnd, OperationFault};
use crate::id::WorkerId;

/// Operations as they begin and end.
#[derive(Debug, Default)]
pub(crate) struct OperationLog {
    operations: Vec<Operation>,
    events: u64,
}

impl OperationLog {
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many were invoked, and how many have returned.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let invoked = self.operations.len();
        (invoked, usize::try_from(self.events).unwrap_or(usize::MAX) - invoked)
    }

    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    /// Operation `number`, which is the next one, begins when `steps` steps are over.
    pub(crate) fn invoked(
        &mut self,
        worker: WorkerId,
        number: usize,
        name: String,
        argument: String,
        steps: usize,
    ) {
        assert_eq!(number, self.operations.len(), "invocations are reported in the order of their numbers");
        self.operations.push(Operation {
            worker,
            name,
            argument,
            invoked: self.events,
            invoked_after_steps: steps,
            returned: None,
            returned_after_steps: None,
            end: OperationEnd::Open,
            fault: None,
        });
        self.events += 1;
    }

    /// Leaves out the operations that were invoked when more than `steps` steps were over; no more are reported.
    pub(crate) fn truncate(&mut self, steps: usize) {
        self.operations.retain(|operation| operation.invoked_after_steps <= steps);
    }

    /// Operation `number` ends when `steps` steps are over.
    pub(crate) fn returned(&mut self, number: usize, end: OperationEnd, steps: usize) {
        let operation = &mut self.operations[number];
        operation.returned = Some(self.events);
        operation.returned_after_steps = Some(steps);
        operation.end = end;
        self.events += 1;
    }

    /// Whose operation `number` is.
    pub(crate) fn worker(&self, number: usize) -> WorkerId {
        self.operations[number].worker
    }

    /// A fault hits `worker` at `step`; `executed` if the store has executed a request whose reply it hides.
    pub(crate) fn struck(&mut self, worker: WorkerId, step: usize, executed: bool) {
        for operation in self.open(worker) {
            let before = operation.fault.is_some_and(|fault| fault.executed);
            operation.fault = Some(OperationFault { step, executed: executed || before });
        }
    }

    /// The store has executed only now the request of `worker` whose reply the fault of `step` hides.
    pub(crate) fn executed(&mut self, worker: WorkerId, step: usize) {
        let hit =
            |operation: &&mut Operation| operation.worker == worker && operation.invoked_after_steps < step;
        for fault in self.operations.iter_mut().filter(hit).filter_map(|operation| operation.fault.as_mut()) {
            fault.executed |= fault.step >= step;
        }
    }

    fn open(&mut self, worker: WorkerId) -> impl Iterator<Item = &mut Operation> {
        let is_open =
            move |operation: &&mut Operation| operation.worker == worker && operation.returned.is_none();
        self.operations.iter_mut().filter(is_open)
    }
}
