//! Owns the comparison of a reduced search with one that tried every schedule.

use std::collections::BTreeSet;

use raceproof::Outcome;

/// What one of the searches came to and the other did not.
pub(crate) fn difference(full: &Outcome, reduced: &Outcome) -> Option<String> {
    let keys = |outcome: &Outcome| {
        let coverage = &outcome.coverage;
        let counted = [&coverage.final_states, &coverage.violated, &coverage.failures, &coverage.conflicts];
        counted.into_iter().flat_map(|counts| counts.keys().cloned()).collect::<BTreeSet<String>>()
    };
    let (of_full, of_reduced) = (keys(full), keys(reduced));
    let missing: Vec<_> = of_full.symmetric_difference(&of_reduced).collect();
    let first = missing.first()?;
    Some(format!("{} results are not in both, such as `{first}`", missing.len()))
}
