//! Owns operations for the tests of the checkers, and the question whether they are linearizable.

use super::Opinion;
use super::linearizability::{Limits, Model, check};
use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;

/// `worker` did `what` (a name, and behind a blank the argument) between two events, and this came back.
pub(super) fn ok(worker: char, what: &str, result: &str, invoked: u64, returned: u64) -> Operation {
    operation(worker, what, invoked, Some(returned), OperationEnd::Ok(result.to_owned()))
}

pub(super) fn refused(worker: char, what: &str, invoked: u64, returned: u64) -> Operation {
    operation(worker, what, invoked, Some(returned), OperationEnd::Refused(String::new()))
}

/// One of which nobody knows whether it took effect.
pub(super) fn unknown(worker: char, what: &str, invoked: u64) -> Operation {
    operation(worker, what, invoked, None, OperationEnd::Open)
}

fn operation(worker: char, what: &str, invoked: u64, returned: Option<u64>, end: OperationEnd) -> Operation {
    let (name, argument) = what.split_once(' ').unwrap_or((what, ""));
    Operation {
        worker: WorkerId(u16::try_from(u32::from(worker) - u32::from('A')).expect("a letter")),
        name: name.to_owned(),
        argument: argument.to_owned(),
        invoked,
        invoked_after_steps: 0,
        returned,
        returned_after_steps: None,
        end,
        fault: None,
    }
}

/// Whether the operations are linearizable; the limits are never met.
pub(super) fn holds(model: &impl Model, operations: &[Operation]) -> bool {
    let judgement = check(model, operations, &Limits::default()).expect("the model understands them");
    match judgement.opinion(operations) {
        Opinion::Holds => true,
        Opinion::Broken(_) => false,
        Opinion::Undecided(why) => panic!("{why}"),
    }
}
