//! Owns what there is to remark on a search beside its verdict and its coverage, one sentence each.

use raceproof::Outcome;
use raceproof::outcome::{Coverage, Grace, Judgement};
use raceproof::verdict::Verdict;

use super::{anomaly, counted, retried};

/// What else there is to know of a search, one sentence each: conflicts that no worker handled, what repeating gave,
/// what could not be decided or judged, what became of kept schedules.
#[must_use]
pub fn remarks(outcome: &Outcome) -> Vec<String> {
    let coverage = &outcome.coverage;
    let latencies = outcome.bursts.as_ref().and_then(super::burst::latencies);
    let of_coverage = [
        resumed(coverage),
        missing(coverage),
        refuted(coverage),
        conflicts(coverage),
        repeats(coverage),
        undecided(coverage),
        graces(coverage),
        latencies,
    ];
    [unjudged(outcome), without_faults(outcome)]
        .into_iter()
        .chain(of_coverage)
        .flatten()
        .chain(retried::remarks(&outcome.regressions))
        .collect()
}

/// The verdict of an outcome that is not judged.
#[must_use]
pub fn unjudged_verdict(outcome: &Outcome) -> String {
    match outcome.expected() {
        Some(_) if outcome.is_for_the_whole_to_say() => "not violated in this shard".to_owned(),
        Some(_) => "not violated under atomic statements".to_owned(),
        None => format!("{}, not judged", outcome.verdict.word()),
    }
}

fn unjudged(outcome: &Outcome) -> Option<String> {
    if outcome.judgement() != Judgement::Unjudged {
        return None;
    }
    if outcome.is_for_the_whole_to_say() {
        return Some(
            "what was not seen here may be in another shard (`raceproof merge` judges them all)".to_owned(),
        );
    }
    Some(match anomaly(outcome) {
        Some(anomaly) => format!(
            "the expected violation ({anomaly}) lies within single statements (run without `--no-split` to see it)"
        ),
        None if outcome.told_model().is_some() => "its card says nothing about this fault model".to_owned(),
        None => "its card says nothing about this isolation level".to_owned(),
    })
}

/// The parts that were not there when the others were merged.
fn missing(coverage: &Coverage) -> Option<String> {
    let (nouns, verb, possessive) = match coverage.missing.len() {
        0 => return None,
        1 => ("shard", "is", "its record"),
        _ => ("shards", "are", "their records"),
    };
    let named: Vec<_> = coverage.missing.iter().take(SHARDS_MAX).map(ToString::to_string).collect();
    let more = match coverage.missing.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = named.join(", ");
    Some(format!(
        "{nouns} {named}{more} {verb} missing, and what lies there is not known (merge {possessive}, too)"
    ))
}

/// Most missing parts that are named.
const SHARDS_MAX: usize = 8;

fn without_faults(outcome: &Outcome) -> Option<String> {
    let is_pass = outcome.verdict == Verdict::Pass && outcome.judgement() == Judgement::Inconclusive;
    (is_pass && outcome.saw_no_fault()).then(|| {
        let explored = counted(outcome.coverage.schedules, "schedule");
        format!(
            "no fault happened in the {explored}, so nothing is said about faults (can these stores have them, and was \
             there time?)"
        )
    })
}

/// That two steps were taken to be independent that are not.
fn refuted(coverage: &Coverage) -> Option<String> {
    let what = coverage.reduction.as_ref()?.refuted.as_ref()?;
    Some(format!(
        "two steps were taken to be independent that are not, which is a bug of raceproof (please report it): {what}; the search \
         began anew without reduction"
    ))
}

fn resumed(coverage: &Coverage) -> Option<String> {
    let often = match coverage.resumed {
        0 => return None,
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    Some(format!("the search was ended and resumed {often}; what is counted is counted from its begin"))
}

fn conflicts(coverage: &Coverage) -> Option<String> {
    let most = *coverage.conflicts.values().max()?;
    let told = |(code, count): (&String, &u64)| format!("{}{} ({count})", code, conflict(code));
    let told: Vec<_> = coverage.conflicts.iter().take(CONFLICTS_MAX).map(told).collect();
    // One execution may end with several conflicts, so the largest count is all that is certain.
    let at_least = if coverage.conflicts.len() > 1 { "at least " } else { "" };
    Some(format!(
        "a worker ended with an unhandled conflict in {at_least}{most} of {}: {}",
        counted(coverage.schedules, "execution"),
        told.join(", ")
    ))
}

/// Most codes of conflicts that are listed.
const CONFLICTS_MAX: usize = 8;

/// What a code of PostgreSQL's means, with a blank before it.
fn conflict(code: &str) -> &'static str {
    match code {
        "40001" => " serialization failure",
        "40P01" => " deadlock",
        "23505" => " unique violation",
        "23P01" => " exclusion violation",
        "55P03" => " lock not available",
        _ => "",
    }
}

/// Told if more was repeated than the one execution that always is, in each shard.
fn repeats(coverage: &Coverage) -> Option<String> {
    let Coverage { schedules, repeats, differing, .. } = *coverage;
    if repeats < 2 || (differing == 0 && repeats < schedules) {
        return None;
    }
    let histories = if differing == 1 { "history" } else { "histories" };
    Some(if schedules > 0 && repeats % schedules == 0 {
        let times = repeats / schedules + 1;
        format!("each schedule executed {times} times: {differing} differing {histories}")
    } else {
        format!("{repeats} executions were repeats: {differing} differing {histories}")
    })
}

fn undecided(coverage: &Coverage) -> Option<String> {
    let times = match coverage.undecided_wakings {
        0 => return None,
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    Some(format!(
        "{times} a step woke several requests inside the store, and the order in which they went on could not be \
         decided there"
    ))
}

fn graces(coverage: &Coverage) -> Option<String> {
    let Grace { ms, times } = coverage.grace?;
    let times = counted(times, "time");
    Some(format!(
        "{times} a program outside did nothing for {ms} ms, so that it was taken to wait for other workers"
    ))
}

#[cfg(test)]
mod tests {
    use raceproof::outcome::Reduction;

    use super::*;
    use crate::samples;

    /// One code is counted exactly; of several only the largest count is certain. What a code means is told where known.
    #[test]
    fn unhandled_conflicts_are_counted_by_their_codes() {
        let told = |codes: &[(&str, u64)]| {
            let mut outcome = samples::correct();
            outcome.coverage.conflicts =
                codes.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
            remarks(&outcome)
        };
        assert_eq!(
            told(&[("23505", 4)]),
            ["a worker ended with an unhandled conflict in 4 of 90 executions: 23505 unique violation (4)"]
        );
        assert_eq!(
            told(&[("23P01", 4), ("55P03", 7), ("57014", 1)]),
            ["a worker ended with an unhandled conflict in at least 7 of 90 executions: \
              23P01 exclusion violation (4), 55P03 lock not available (7), 57014 (1)"]
        );
        assert_eq!(told(&[]), [""; 0]);
    }

    #[test]
    fn wrong_reduction_is_told_as_our_bug() {
        let mut outcome = samples::correct();
        let refuted = Some("`A B` and `B A` differ".to_owned());
        outcome.coverage.reduction = Some(Reduction { refuted, ..Reduction::default() });
        let told = remarks(&outcome);
        assert!(
            told[0].contains("bug of raceproof") && told[0].contains("`A B` and `B A` differ"),
            "{told:?}"
        );
    }

    #[test]
    fn search_that_was_resumed_says_how_often() {
        let told = |resumed| {
            let mut outcome = samples::correct();
            outcome.coverage.resumed = resumed;
            remarks(&outcome)
        };
        assert_eq!(told(0), [""; 0]);
        let tail = "what is counted is counted from its begin";
        assert_eq!(told(1), [format!("the search was ended and resumed once; {tail}")]);
        assert_eq!(told(3), [format!("the search was ended and resumed 3 times; {tail}")]);
    }

    /// A store that cannot break says nothing about what would be if it did.
    #[test]
    fn faults_that_did_not_happen_are_told() {
        let mut outcome = samples::correct();
        outcome.model = "fail-over".parse().expect("a model");
        assert!(remarks(&outcome)[0].starts_with("no fault happened in the 90 schedules, so"));
        outcome.coverage.faults.insert("fail-over".to_owned(), 1);
        assert!(!remarks(&outcome).iter().any(|remark| remark.starts_with("no fault")));
    }

    #[test]
    fn missing_parts_are_named() {
        let told = |parts: &[&str]| {
            let mut outcome = samples::correct();
            outcome.coverage.missing = parts.iter().flat_map(|part| part.parse()).collect();
            remarks(&outcome)
        };
        let rest = "missing, and what lies there is not known (merge";
        assert_eq!(told(&["2/4"]), [format!("shard 2/4 is {rest} its record, too)")]);
        assert_eq!(told(&["2/4", "3/4"]), [format!("shards 2/4, 3/4 are {rest} their records, too)")]);
        let nine: Vec<String> = (1..=9).map(|number| format!("{number}/10")).collect();
        let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
        assert!(told(&nine)[0].contains("7/10, 8/10 and 1 more are missing"));
    }

    /// A part of a search cannot say that there is no violation.
    #[test]
    fn part_that_saw_nothing_leaves_it_to_the_whole() {
        let mut outcome = samples::missed();
        outcome.coverage.shard = "1/2".parse().ok();
        assert_eq!(unjudged_verdict(&outcome), "not violated in this shard");
        assert!(remarks(&outcome)[0].contains("in another shard"));
    }

    /// The first schedule is always executed twice, of which nothing is said.
    #[test]
    fn repeats_are_told_where_they_were_asked_for() {
        let told = |schedules, repeats, differing| {
            let mut outcome = samples::correct();
            outcome.coverage = Coverage { schedules, repeats, differing, ..outcome.coverage };
            remarks(&outcome)
        };
        assert_eq!(told(90, 90 * 19, 0), ["each schedule executed 20 times: 0 differing histories"]);
        assert_eq!(told(2, 3, 1), ["3 executions were repeats: 1 differing history"]);
        assert_eq!(told(90, 1, 0), [""; 0]);
        assert_eq!(told(90, 4, 0), [""; 0]);
    }

    #[test]
    fn order_of_the_woken_that_is_undecided_is_told() {
        let mut outcome = samples::correct();
        outcome.coverage.undecided_wakings = 1;
        assert!(remarks(&outcome)[0].starts_with("once a step woke several requests"));
    }
}
