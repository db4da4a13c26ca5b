//! Owns [`Programs`]: what each worker of a generated workload is to do, as text and in a form from which it is done again.
//! Drawing it is the business of [`crate::generator`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::WorkerId;

/// The operations of every worker, in order.
///
/// It is part of every record, so what a run has drawn and shrunk is done again although strategies have changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Programs {
    /// Which of the workloads that the run drew it comes from, from 0.
    pub number: u64,
    /// What is left of each worker's list.
    pub operations: BTreeMap<WorkerId, Vec<Planned>>,
}

/// One operation that a worker is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Planned {
    /// Where it stood in the list that was drawn, from 0.
    pub position: usize,
    /// It as text, such as `Increment(3)`.
    pub text: String,
    /// It as JSON: the same operation is made from it.
    pub value: Value,
}

impl Programs {
    /// How many operations the workers of `kept` have together.
    #[must_use]
    pub fn count(&self, kept: &[WorkerId]) -> usize {
        kept.iter().filter_map(|worker| self.operations.get(worker)).map(Vec::len).sum()
    }

    /// The same for the workers of `kept` only.
    #[must_use]
    pub fn restricted_to(&self, kept: &[WorkerId]) -> Self {
        let mut restricted = self.clone();
        restricted.operations.retain(|worker, _| kept.contains(worker));
        restricted
    }

    /// The same with `planned` in the `place` (from 0) of the list of `worker`.
    #[must_use]
    pub fn with(&self, worker: WorkerId, place: usize, planned: Planned) -> Self {
        let mut changed = self.clone();
        if let Some(there) = changed.operations.get_mut(&worker).and_then(|list| list.get_mut(place)) {
            *there = planned;
        }
        changed
    }
}

impl fmt::Display for Programs {
    /// `A: Increment(1), Get; B: Reset`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (worker, list)) in self.operations.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let list: Vec<&str> = list.iter().map(|planned| planned.text.as_str()).collect();
            let told = if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
            write!(formatter, "{separator}{worker}: {told}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn programs() -> Programs {
        let planned = |position, text: &str| Planned { position, text: text.to_owned(), value: json!(text) };
        let (first, second) = (vec![planned(0, "Get"), planned(2, "Add(1)")], vec![planned(1, "Reset")]);
        Programs { number: 3, operations: [(WorkerId(0), first), (WorkerId(2), second)].into() }
    }

    #[test]
    fn programs_are_told_by_worker() {
        assert_eq!(programs().to_string(), "A: Get, Add(1); C: Reset");
        let idle = Programs { operations: [(WorkerId(0), Vec::new())].into(), ..programs() };
        assert_eq!(idle.to_string(), "A: nothing");
    }

    #[test]
    fn programs_come_back_from_a_record() {
        let text = serde_json::to_string(&programs()).expect("text and numbers");
        assert_eq!(serde_json::from_str::<Programs>(&text).expect("as written"), programs());
    }

    #[test]
    fn only_kept_workers_count() {
        let kept = [WorkerId(0), WorkerId(1)];
        assert_eq!((programs().count(&kept), programs().restricted_to(&kept).operations.len()), (2, 1));
    }

    #[test]
    fn one_operation_is_replaced_and_none_is_added() {
        let new = Planned { position: 2, text: "Add(0)".to_owned(), value: json!("Add(0)") };
        let changed = programs().with(WorkerId(0), 1, new.clone());
        assert_eq!(changed.to_string(), "A: Get, Add(0); C: Reset");
        assert_eq!(programs().with(WorkerId(0), 2, new), programs());
    }
}
