//! Owns [`Cut`]: operations of a generated workload that shrinking leaves out together, and what that leaves of a schedule.
//! Whether it keeps the violation is found out by running it.

use std::ops::Range;

use crate::choice::Schedule;
use crate::id::WorkerId;
use crate::programs::Programs;

/// Operations of one worker, next to each other in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Whose.
    pub worker: WorkerId,
    /// Where in its list, from 0.
    pub places: Range<usize>,
}

/// The begin of an operation in an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Whose.
    pub worker: WorkerId,
    /// Where in its list, from 0.
    pub place: usize,
    /// After how many steps.
    pub after_steps: usize,
}

/// What may be left out of `programs`: whole lists first, then halves, quarters and so on down to single operations; of each
/// the later workers and operations first.
#[must_use]
pub fn cuts(programs: &Programs) -> Vec<Cut> {
    let longest = programs.operations.values().map(Vec::len).max().unwrap_or(0);
    let sizes = std::iter::successors(Some(longest), |size| (*size > 1).then_some(size.div_ceil(2)));
    let mut cuts: Vec<Cut> = Vec::new();
    for size in sizes.filter(|size| *size > 0) {
        for (worker, list) in programs.operations.iter().rev() {
            let starts = (0..list.len()).step_by(size).rev();
            let places = starts.map(|start| start..list.len().min(start + size));
            for cut in places.map(|places| Cut { worker: *worker, places }) {
                if !cuts.contains(&cut) {
                    cuts.push(cut);
                }
            }
        }
    }
    cuts
}

impl Cut {
    /// `programs` without it.
    #[must_use]
    pub fn of(&self, programs: &Programs) -> Programs {
        let mut rest = programs.clone();
        if let Some(list) = rest.operations.get_mut(&self.worker) {
            list.drain(self.places.clone());
        }
        rest
    }

    /// `schedule` without the choices of its worker from the begin of each of its operations to the begin of the next one.
    #[must_use]
    pub fn of_schedule(&self, schedule: &Schedule, begun: &[Begun]) -> Schedule {
        let is_cut = |step: usize| {
            let before =
                begun.iter().rev().find(|begun| begun.worker == self.worker && begun.after_steps <= step);
            before.is_some_and(|begun| self.places.contains(&begun.place))
        };
        let choices = schedule.0.iter().enumerate();
        let kept = choices.filter(|(step, choice)| choice.worker() != Some(self.worker) || !is_cut(*step));
        Schedule(kept.map(|(_, choice)| *choice).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::programs::Planned;

    fn programs(lengths: &[usize]) -> Programs {
        let planned = |position| Planned { position, text: position.to_string(), value: Value::Null };
        let worker = |index: usize| WorkerId(u16::try_from(index).expect("few workers"));
        let lists = lengths.iter().enumerate();
        let operations = lists.map(|(index, length)| (worker(index), (0..*length).map(planned).collect()));
        Programs { number: 0, operations: operations.collect() }
    }

    fn told(lengths: &[usize]) -> Vec<String> {
        let told = |cut: &Cut| format!("{}{}..{}", cut.worker, cut.places.start, cut.places.end);
        cuts(&programs(lengths)).iter().map(told).collect()
    }

    #[test]
    fn large_cuts_come_before_small_ones() {
        assert_eq!(told(&[3, 1]), ["B0..1", "A0..3", "A2..3", "A0..2", "A1..2", "A0..1"]);
        assert!(told(&[0, 0]).is_empty() && told(&[]).is_empty());
    }

    #[test]
    fn steps_of_what_is_cut_leave_the_schedule() {
        let begun = |worker, place, after_steps| Begun { worker: WorkerId(worker), place, after_steps };
        // A's first request belongs to no operation.
        let begun = [begun(1, 0, 0), begun(0, 0, 1), begun(0, 1, 3), begun(1, 1, 5)];
        let schedule: Schedule = "A A B A + A B".parse().expect("valid");
        let rest = |worker, places| {
            let cut = Cut { worker: WorkerId(worker), places };
            cut.of_schedule(&schedule, &begun).to_string()
        };
        assert_eq!(rest(0, 0..1), "A B A + A B");
        assert_eq!(rest(0, 1..2), "A A B + B");
        assert_eq!(rest(0, 0..2), "A B + B");
        assert_eq!(rest(1, 1..2), "A A B A + A");
    }

    proptest! {
        /// Each operation is among the cuts alone, each list as a whole, and every cut takes away what it says.
        #[test]
        fn cuts_reach_every_operation(lengths in proptest::collection::vec(0..7_usize, 0..4)) {
            let programs = programs(&lengths);
            let workers: Vec<WorkerId> = programs.operations.keys().copied().collect();
            let cuts = cuts(&programs);
            let single: BTreeSet<_> =
                cuts.iter().filter(|cut| cut.places.len() == 1).map(|cut| (cut.worker, cut.places.start)).collect();
            prop_assert_eq!(single.len(), lengths.iter().sum::<usize>());
            for cut in &cuts {
                prop_assert_eq!(cut.of(&programs).count(&workers) + cut.places.len(), programs.count(&workers));
            }
            for (worker, list) in programs.operations.iter().filter(|(_, list)| !list.is_empty()) {
                let whole = Cut { worker: *worker, places: 0..list.len() };
                prop_assert!(cuts.contains(&whole));
            }
        }
    }
}
