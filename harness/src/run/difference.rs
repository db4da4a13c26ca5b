//! Owns the comparison of a replay with what was recorded.

use super::executed::Executed;
use crate::gate::Backend;
use crate::history::Trace;

/// Where `executed` first departs from `recorded` (step, from 1) and how. A schedule that does not fit stops a
/// replay, but what is told may have changed at an earlier step, which is the one to look at.
pub(super) fn difference(
    recorded: &Trace,
    executed: &Executed,
    backends: &[Box<dyn Backend>],
) -> Option<(usize, String)> {
    earliest(executed.mismatch.clone(), recorded.first_difference(&executed.trace(backends)))
}

/// The earlier of two findings; of two at the same step the first.
fn earliest(unfit: Option<(usize, String)>, told: Option<(usize, String)>) -> Option<(usize, String)> {
    unfit.into_iter().chain(told).min_by_key(|(step, _)| *step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_difference_is_the_one_that_is_told() {
        let at = |step: usize, what: &str| Some((step, what.to_owned()));
        assert_eq!(earliest(at(5, "too long"), at(2, "INCR")), at(2, "INCR"));
        assert_eq!(earliest(at(2, "too long"), at(2, "INCR")), at(2, "too long"));
        assert_eq!(earliest(None, at(3, "INCR")), at(3, "INCR"));
        assert_eq!(earliest(at(4, "too long"), None), at(4, "too long"));
        assert_eq!(earliest(None, None), None);
    }
}
