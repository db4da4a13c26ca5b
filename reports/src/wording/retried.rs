//! Owns the words for kept schedules: those that were retried before the search, and what has become of their files.

use raceproof::regression::{Fate, Retried, Stale};
use raceproof::run::Settled;

use super::counted;

/// How a violation was found that a kept schedule has shown.
pub(super) const FOUND: &str = "found again by a kept schedule";
/// Most stale schedules that are told with their reasons.
const STALE_MAX: usize = 4;

/// What became of them, in a sentence, unless all violate again, and one sentence more for each that is stale.
pub(super) fn remarks(retried: &[Retried]) -> Vec<String> {
    let count = |wanted: fn(&Fate) -> bool| retried.iter().filter(|one| wanted(&one.fate)).count() as u64;
    let again = count(|fate| matches!(fate, Fate::Reproduced));
    if again == retried.len() as u64 {
        return Vec::new();
    }
    let parts = [
        (again, "violating again"),
        (count(|fate| matches!(fate, Fate::Fixed { .. })), "fixed"),
        (count(|fate| matches!(fate, Fate::Stale { .. })), "stale"),
        (count(|fate| matches!(fate, Fate::Unsure { .. })), "undecided"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|part| part.0 > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let kept = counted(retried.len() as u64, "kept schedule");
    let mut told = vec![format!("{kept} retried before the search: {}", parts.join(", "))];
    told.extend(retried.iter().filter_map(stale).take(STALE_MAX));
    told
}

/// What became of the file of a kept schedule.
#[must_use]
pub fn settled(settled: &Settled) -> String {
    match settled {
        Settled::Added(path) => {
            format!("kept the schedule in `{}`: it is retried first from now on (commit it)", path.display())
        }
        Settled::Renewed(path) => {
            format!("`{}` violates with other requests, which it now holds", path.display())
        }
        Settled::MarkedStale(path, Stale { step, reason }) => {
            let path = path.display();
            format!(
                "`{path}` is stale at step {step}: {reason} (the file says so; delete it if it is not needed)"
            )
        }
        Settled::Unmarked(path) => format!("`{}` is no longer stale", path.display()),
    }
}

fn stale(retried: &Retried) -> Option<String> {
    let Fate::Stale { stale, violated } = &retried.fate else { return None };
    let schedule = &retried.regression.schedule;
    let shows = if *violated { "shows a violation all the same" } else { "shows no violation" };
    let (step, reason) = (stale.step, &stale.reason);
    Some(format!("`{schedule}` is stale at step {step}: {reason}; followed as far as it fits, it {shows}"))
}

#[cfg(test)]
mod tests {
    use raceproof::outcome::Stopped;
    use raceproof::regression::Stale;

    use super::*;
    use crate::samples;
    use crate::wording::{coverage, remarks as all_remarks};

    fn told(fates: Vec<Fate>) -> Vec<String> {
        let mut outcome = samples::correct();
        let regression = samples::caught().regression().expect("caught");
        let retried = |fate| Retried { regression: regression.clone(), fate };
        outcome.regressions = fates.into_iter().map(retried).collect();
        all_remarks(&outcome)
    }

    #[test]
    fn what_became_of_kept_schedules_is_told_unless_all_violate_again() {
        assert_eq!(told(vec![Fate::Reproduced, Fate::Reproduced]), [""; 0]);
        let fixed = || Fate::Fixed { answered: None };
        assert_eq!(told(vec![fixed()]), ["1 kept schedule retried before the search: 1 fixed"]);
        let stale = Stale { step: 3, reason: "wanted `GET a`, the code sent `INCR a`".to_owned() };
        let stale = Fate::Stale { stale, violated: false };
        assert_eq!(
            told(vec![Fate::Reproduced, fixed(), stale]),
            [
                "3 kept schedules retried before the search: 1 violating again, 1 fixed, 1 stale",
                "`A B A B` is stale at step 3: wanted `GET a`, the code sent `INCR a`; followed as far as it fits, it \
                 shows no violation",
            ]
        );
    }

    /// The search itself has no first violation then.
    #[test]
    fn violation_of_a_kept_schedule_is_told_as_such() {
        let mut outcome = samples::caught();
        (outcome.coverage.regressions, outcome.coverage.schedules) = (1, 0);
        outcome.coverage.first_violation = None;
        assert_eq!(coverage(&outcome), "found again by a kept schedule");
        outcome.coverage.stopped = Stopped::ScheduleBudget;
        outcome.coverage.schedules = 9;
        let expected = "found again by a kept schedule, 9 schedules explored, exhausted: no (stopped by the schedule \
                        budget)";
        assert_eq!(coverage(&outcome), expected);
    }
}
