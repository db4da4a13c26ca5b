//! Owns [`OperationLog`]: the operations of one execution, in the order in which they were reported.

use crate::history::{Operation, OperationEnd};
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
            end: OperationEnd::Open,
        });
        self.events += 1;
    }

    /// Operation `number` ends.
    pub(crate) fn returned(&mut self, number: usize, end: OperationEnd) {
        let operation = &mut self.operations[number];
        operation.returned = Some(self.events);
        operation.end = end;
        self.events += 1;
    }
}
