//! Owns [`Share`]: how much of a search's budgets one of its workloads may use.

use std::time::Duration;

use crate::plan::Plan;

/// How far a search may go, counted from its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// Executions.
    pub(super) schedules_max: u64,
    /// Time.
    pub(super) budget: Duration,
}

impl Share {
    /// Everything that `plan` allows.
    pub(super) fn whole(plan: &Plan) -> Self {
        Self { schedules_max: plan.schedules_max, budget: plan.budget }
    }

    /// Of this, when so many `schedules` and so much time are used: so many more, and of the time an equal part for each of `turns`.
    pub(super) fn part(self, schedules: u64, more: u64, elapsed: Duration, turns: usize) -> Self {
        let time = self.budget.saturating_sub(elapsed) / u32::try_from(turns.max(1)).unwrap_or(u32::MAX);
        let schedules_max = schedules.saturating_add(more).min(self.schedules_max);
        Self { schedules_max, budget: elapsed + time }
    }
}

/// The smallest number to which all that have less can be raised with at least `more` in all.
pub(super) fn level(mut counts: Vec<u64>, mut more: u64) -> u64 {
    counts.sort_unstable();
    for (index, count) in counts.iter().enumerate() {
        let lowest = index as u64 + 1;
        let next = counts.get(index + 1).copied().unwrap_or(u64::MAX);
        let room = (next - count).saturating_mul(lowest);
        if more <= room {
            return count.saturating_add(more.div_ceil(lowest));
        }
        more -= room;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_least_are_raised_first() {
        assert_eq!(level(vec![0; 4], 100), 25);
        assert_eq!(level(vec![0; 16], 2), 1);
        assert_eq!(level(vec![10, 0, 0, 4], 11), 5);
        assert_eq!(level(vec![10, 0, 0, 4], 0), 0);
        assert_eq!(level(vec![10, 10], 1), 11);
        assert_eq!(level(vec![3, 7], u64::MAX - 10), u64::MAX / 2 + 1);
        assert_eq!(level(Vec::new(), 5), 0);
    }

    /// However often it is asked while the first ones are raised, it comes to the same.
    #[test]
    fn level_stays_while_it_is_being_reached() {
        let (mut counts, mut more) = (vec![9, 0, 0, 2, 0], 23);
        let expected = level(counts.clone(), more);
        for _ in 0..23 {
            let next = counts.iter().position(|count| *count < level(counts.clone(), more));
            counts[next.expect("somebody has less")] += 1;
            more -= 1;
        }
        assert_eq!((expected, counts), (7, vec![9, 7, 6, 6, 6]));
    }

    #[test]
    fn what_is_left_is_shared_equally() {
        let whole = Share { schedules_max: 100, budget: Duration::from_secs(40) };
        let part = |schedules, more, elapsed, turns| {
            let Share { schedules_max, budget } =
                whole.part(schedules, more, Duration::from_secs(elapsed), turns);
            (schedules_max, budget.as_secs())
        };
        assert_eq!(part(0, 25, 0, 4), (25, 10));
        assert_eq!(part(10, 30, 4, 3), (40, 16));
        assert_eq!(part(90, 10, 30, 1), (100, 40));
        assert_eq!(part(99, 7, 41, 16), (100, 41));
    }
}
