//! Owns [`SlidingWindow`]: at most so many in any stretch of time.

use std::collections::BTreeMap;

use super::linearizability::words;
use super::{Opinion, telling};
use crate::history::{Operation, OperationEnd};

/// At most so many in any stretch of time, wherever it begins. For windows that do not overlap see
/// [`crate::check::models::RateLimiter`].
///
/// Judged on `allow` (also `request`): the argument is whom it concerns, which may be left out, and the time in milliseconds. Those
/// that returned were let through; others are ignored, so refusing too much is never wrong here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlidingWindow {
    /// How many are let through at most.
    pub accepted_max: usize,
    /// In a stretch of this length, one end of which does not count: what lies exactly so long behind is over.
    pub window_ms: u64,
}

impl SlidingWindow {
    /// Whether no stretch has more.
    #[must_use]
    pub fn judge(&self, operations: &[Operation]) -> Opinion {
        let mut accepted: BTreeMap<&str, Vec<(u64, &Operation)>> = BTreeMap::new();
        for operation in operations {
            if !matches!(operation.name.as_str(), "allow" | "request")
                || !matches!(operation.end, OperationEnd::Ok(_))
            {
                continue;
            }
            let parts: Vec<_> = words(&operation.argument).collect();
            let (client, time) = match parts[..] {
                [time] => ("", time),
                [client, time] => (client, time),
                _ => ("", ""),
            };
            let Ok(time) = time.parse() else {
                let argument = &operation.argument;
                return Opinion::Undecided(format!(
                    "`{}` takes a client and a time in milliseconds, not `{argument}`",
                    operation.name
                ));
            };
            accepted.entry(client).or_default().push((time, operation));
        }
        let broken = accepted.values_mut().find_map(|all| self.broken(all));
        broken.map_or(Opinion::Holds, Opinion::Broken)
    }

    fn broken(&self, accepted: &mut [(u64, &Operation)]) -> Option<String> {
        accepted.sort_by_key(|(time, operation)| (*time, operation.invoked));
        let too_many = accepted
            .windows(self.accepted_max.saturating_add(1))
            .find(|some| some[some.len() - 1].0 - some[0].0 < self.window_ms)?;
        let told: String =
            too_many.iter().map(|(_, operation)| format!("\n  {}", telling::operation(operation))).collect();
        let Self { accepted_max, window_ms } = self;
        Some(format!("more than {accepted_max} were let through within {window_ms} ms:{told}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::check::sample::{ok, refused, unknown};

    const TWO: SlidingWindow = SlidingWindow { accepted_max: 2, window_ms: 100 };

    fn holds(operations: &[Operation]) -> bool {
        TWO.judge(operations) == Opinion::Holds
    }

    /// The weakness of fixed windows: twice as many around a boundary.
    #[test]
    fn third_within_the_window_is_found_wherever_it_begins() {
        let both = || [ok('A', "allow x 80", "", 0, 1), ok('B', "allow x 90", "", 2, 3)];
        let and = |third| holds(&[&both()[..], &[third]].concat());
        assert!(!and(ok('C', "allow x 179", "", 4, 5)) && and(ok('C', "allow x 180", "", 4, 5)));
        assert!(and(ok('C', "allow y 100", "", 4, 5)) && and(refused('C', "allow x 100", 4, 5)));
        assert!(and(unknown('C', "allow x 100", 4)) && and(ok('C', "sing", "", 4, 5)));
    }

    #[test]
    fn all_of_the_window_are_told_and_what_has_no_time_is_not_judged() {
        let one = SlidingWindow { accepted_max: 1, window_ms: 10 };
        let told = one.judge(&[ok('A', "allow 5", "", 0, 1), ok('B', "allow 4", "", 2, 3)]);
        let text = "more than 1 were let through within 10 ms:\n  B allow 4 ok [2, 3]\n  A allow 5 ok [0, 1]";
        assert_eq!(told, Opinion::Broken(text.to_owned()));
        assert!(matches!(one.judge(&[ok('A', "allow x", "", 0, 1)]), Opinion::Undecided(_)));
    }

    proptest! {
        /// Every stretch of the length is counted.
        #[test]
        fn windows_are_judged_as_by_counting(times in vec((0..30_u64, 0..4_u8), 0..9), accepted_max in 0..3_usize, window_ms in 0..12_u64) {
            let one = |(time, end): &(u64, u8)| {
                let what = format!("allow {time}");
                if *end == 0 { refused('A', &what, 0, 1) } else { ok('A', &what, "", 0, 1) }
            };
            let operations: Vec<_> = times.iter().map(one).collect();
            let is_within = |begin: u64| times.iter().filter(|(time, end)| *end > 0 && (begin..begin + window_ms).contains(time)).count() <= accepted_max;
            let window = SlidingWindow { accepted_max, window_ms };
            prop_assert_eq!(window.judge(&operations) == Opinion::Holds, (0..30).all(is_within));
        }
    }
}
