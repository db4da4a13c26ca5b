//! Owns [`Reported`]: what workers on several threads said about their operations, and its one order.

use std::collections::BTreeMap;

use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;
use crate::run::log::OperationLog;

/// The begin or the end of an operation; `at` orders those of all threads.
#[derive(Debug)]
pub(super) enum Reported {
    Invoked { at: u64, worker: WorkerId, number: usize, name: String, argument: String },
    Returned { at: u64, number: usize, end: OperationEnd },
}

impl Reported {
    fn at(&self) -> u64 {
        match self {
            Self::Invoked { at, .. } | Self::Returned { at, .. } => *at,
        }
    }
}

/// The operations in the order in which they began. Their workers have counted them in an order of their own.
pub(super) fn operations(mut reported: Vec<Reported>) -> Vec<Operation> {
    reported.sort_by_key(Reported::at);
    let (mut log, mut places) = (OperationLog::default(), BTreeMap::new());
    for report in reported {
        match report {
            Reported::Invoked { worker, number, name, argument, .. } => {
                let place = places.len();
                places.insert(number, place);
                log.invoked(worker, place, name, argument, 0);
            }
            Reported::Returned { number, end, .. } => {
                if let Some(place) = places.get(&number) {
                    log.returned(*place, end, 0);
                }
            }
        }
    }
    log.into_operations()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(at: u64, number: usize) -> Reported {
        let (name, argument) = (format!("op {number}"), String::new());
        Reported::Invoked { at, worker: WorkerId(0), number, name, argument }
    }

    fn end(at: u64, number: usize) -> Reported {
        Reported::Returned { at, number, end: OperationEnd::Ok(number.to_string()) }
    }

    /// Two threads that have counted one way round and begun the other; what was cut off stays open.
    #[test]
    fn operations_of_several_threads_have_one_order() {
        let told = operations(vec![begin(3, 0), end(4, 0), begin(1, 1), end(5, 1), begin(7, 2)]);
        let seen: Vec<_> = told.iter().map(|one| (one.name.as_str(), one.invoked, one.returned)).collect();
        assert_eq!(seen, [("op 1", 0, Some(3)), ("op 0", 1, Some(2)), ("op 2", 4, None)]);
        assert_eq!(told[2].end, OperationEnd::Open);
    }
}
