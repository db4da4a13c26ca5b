//! Owns the words of a matrix, of which the columns say apart what the sentence on a search's coverage says together.

use raceproof::Outcome;
use raceproof::outcome::Stopped;
use raceproof::verdict::Verdict;

use super::{counted_schedules, coverage, exhausted, in_workload, retried};

/// How much was explored, without what was found in it: `90 schedules explored, exhausted: yes`. Of a pass it is the
/// whole sentence, for what a pass is worth is what was explored.
#[must_use]
pub fn explored(outcome: &Outcome) -> String {
    let of_search = &outcome.coverage;
    let Verdict::Violation(_) = outcome.verdict else { return coverage(outcome) };
    if outcome.bursts.is_some() {
        return coverage(outcome);
    }
    let shard = of_search.shard.map_or_else(String::new, |shard| format!(" in shard {shard}"));
    let schedules = counted_schedules(of_search);
    match (of_search.stopped, of_search.first_violation) {
        (Stopped::FirstViolation, None) => retried::FOUND.to_owned(),
        (Stopped::FirstViolation, Some(_)) => format!("{schedules} explored{shard}, ended by the violation"),
        (_, None) if of_search.regressions > 0 => format!("{}, {schedules} explored", retried::FOUND),
        _ => format!("{schedules} explored{shard}, {}", exhausted(of_search)),
    }
}

/// Which execution was the first to violate: `schedule 2`, `burst 1`.
#[must_use]
pub fn first_violation(outcome: &Outcome) -> Option<String> {
    let first = outcome.coverage.first_violation?;
    let noun = if outcome.bursts.is_some() { "burst" } else { "schedule" };
    Some(format!("{noun} {first}{}", in_workload(outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Beside a column for the first violation, the coverage need not say it again.
    #[test]
    fn coverage_and_first_violation_are_told_apart() {
        let mut outcome = samples::caught();
        assert_eq!(explored(&outcome), "2 schedules explored, ended by the violation");
        assert_eq!(first_violation(&outcome).as_deref(), Some("schedule 2"));
        outcome.coverage.stopped = Stopped::ScheduleBudget;
        outcome.coverage.schedules = 9;
        let told = "9 schedules explored, exhausted: no (stopped by the schedule budget)";
        assert_eq!(explored(&outcome), told);
    }

    /// A pass says what it is worth.
    #[test]
    fn pass_is_told_with_what_was_explored() {
        let outcome = samples::correct();
        assert_eq!(explored(&outcome), coverage(&outcome));
        assert_eq!(first_violation(&outcome), None);
    }

    #[test]
    fn violation_of_a_kept_schedule_has_no_number() {
        let mut outcome = samples::caught();
        outcome.coverage.first_violation = None;
        assert_eq!(explored(&outcome), "found again by a kept schedule");
        outcome.coverage.stopped = Stopped::Exhausted;
        outcome.coverage.regressions = 1;
        assert_eq!(explored(&outcome), "found again by a kept schedule, 2 schedules explored");
    }
}
