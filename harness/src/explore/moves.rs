//! Owns the changes to a schedule that shrinking tries; whether a change keeps the violation is found out
//! by running it.

use crate::choice::{Choice, Schedule};

/// Schedules with the same choices and fewer context switches, made by moving one block (a run of
/// choices of the same worker) to a block of the same worker before or after it; the fewest switches first.
#[must_use]
pub fn block_moves(schedule: &Schedule) -> Vec<Schedule> {
    let blocks = blocks(schedule);
    let mut moved = Vec::new();
    for from in 0..blocks.len() {
        for to in 0..blocks.len() {
            let adjoins = blocks[from][0].worker() == blocks[to][0].worker();
            if from == to || !adjoins {
                continue;
            }
            let mut rest = blocks.clone();
            let block = rest.remove(from);
            let place = if from < to { to - 1 } else { to + 1 };
            rest.insert(place, block);
            moved.push(Schedule(rest.concat()));
        }
    }
    moved.retain(|candidate| candidate.context_switches() < schedule.context_switches());
    moved.sort_by_key(|candidate| (candidate.context_switches(), candidate.clone()));
    moved.dedup();
    moved
}

fn blocks(schedule: &Schedule) -> Vec<Vec<Choice>> {
    schedule.0.chunk_by(|left, right| left.worker() == right.worker()).map(<[Choice]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moves(text: &str) -> Vec<String> {
        block_moves(&text.parse().expect("valid")).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn block_joins_its_worker_before_or_after() {
        assert_eq!(moves("A B A"), ["A A B", "B A A"]);
        assert_eq!(moves("A B C A"), ["A A B C", "B C A A"]);
    }

    #[test]
    fn schedule_without_needless_switches_has_no_moves() {
        assert!(moves("A A B C C").is_empty());
        assert!(moves("").is_empty());
    }

    proptest! {
        /// A move is a permutation with fewer switches: it never invents or loses a choice.
        #[test]
        fn moves_keep_the_choices(workers in proptest::collection::vec(0..3u8, 0..10)) {
            let text: Vec<_> = workers.iter().map(|worker| char::from(b'A' + worker).to_string()).collect();
            let schedule: Schedule = text.join(" ").parse().expect("valid");
            let sorted = |schedule: &Schedule| { let mut all = schedule.0.clone(); all.sort(); all };
            for candidate in block_moves(&schedule) {
                prop_assert!(candidate.context_switches() < schedule.context_switches());
                prop_assert_eq!(sorted(&candidate), sorted(&schedule));
            }
        }
    }
}
