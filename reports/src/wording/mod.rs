//! Owns the sentences that every report uses for the same fact, so that terminal and page agree and no
//! report claims more than was explored.

mod apart;
mod burst;
mod model;
mod remarks;
mod retried;

use std::collections::BTreeSet;

use raceproof::history::{Cause, Trace};
use raceproof::outcome::{Coverage, Judgement, Replays, Stopped, Workloads};
use raceproof::verdict::Verdict;

use raceproof::Outcome;

pub use apart::{explored, first_violation};
pub use burst::{NO_REPLAY, burst};
pub use model::{atomicity, breakage, breakage_of, legend, model, model_beside_name, name, name_of};
pub use remarks::{remarks, unjudged_verdict};
pub use retried::settled;

/// `1 schedule`, `2 schedules`, `2 switches`, `2 tries`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("{count} {noun}"),
        Some(stem) => format!("{count} {stem}ies"),
        None if noun.ends_with("ch") || noun.ends_with("sh") => format!("{count} {noun}es"),
        None => format!("{count} {noun}s"),
    }
}

/// A duration with three digits or so: `850 µs`, `12.3 ms`, `4.56 s`, `2 min 5 s`.
#[must_use]
pub fn duration(microseconds: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let (whole, thousandths) = (microseconds / unit, microseconds % unit * 1_000 / unit);
        match whole {
            0..=9 => format!("{whole}.{:02} {name}", thousandths / 10),
            10..=99 => format!("{whole}.{} {name}", thousandths / 100),
            _ => format!("{whole} {name}"),
        }
    };
    match microseconds {
        0..=999 => format!("{microseconds} µs"),
        1_000..=999_999 => scaled(1_000, "ms"),
        1_000_000..=119_999_999 => scaled(1_000_000, "s"),
        _ => {
            let seconds = microseconds / 1_000_000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

/// What was expected of the scenario: `pass`, or `violation (lost update)`.
#[must_use]
pub fn expected(outcome: &Outcome) -> String {
    match (anomaly(outcome), outcome.expected()) {
        (Some(anomaly), _) => format!("violation ({anomaly})"),
        (None, Some(_)) => "pass".to_owned(),
        (None, None) if outcome.told_model().is_some() => "nothing under this model".to_owned(),
        (None, None) => "nothing at this level".to_owned(),
    }
}

/// How many scenarios there are, and in how many runs if some ran at several levels or under
/// several fault models.
#[must_use]
pub fn scenarios<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let different = names.iter().collect::<BTreeSet<_>>().len();
    let scenarios = counted(different as u64, "scenario");
    if different == names.len() {
        scenarios
    } else {
        format!("{scenarios} in {}", counted(names.len() as u64, "run"))
    }
}

/// The name of the anomaly that is expected, if one is.
#[must_use]
pub fn anomaly(outcome: &Outcome) -> Option<&str> {
    match outcome.expected()? {
        raceproof::Expectation::Violation { anomaly } => Some(anomaly),
        raceproof::Expectation::Pass => None,
    }
}

/// Why a request that was released before went on.
#[must_use]
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Resumed => "resumed",
        Cause::Woken => "woken next",
        Cause::Victim => "victim of the deadlock",
    }
}

/// The judgement in words.
#[must_use]
pub fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsExpected => "as expected",
        Judgement::Inconclusive => "inconclusive",
        Judgement::Interrupted => "interrupted",
        Judgement::Unjudged => "not judged",
        Judgement::MissedBug => "missed bug",
        Judgement::FalseAlarm => "false alarm",
        Judgement::Broken => "violation",
    }
}

/// How many outcomes came to one judgement: `9 as expected`, `2 missed bugs`.
#[must_use]
pub fn judged(count: u64, judged: Judgement) -> String {
    let word = judgement(judged);
    match judged {
        Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken => counted(count, word),
        Judgement::AsExpected | Judgement::Inconclusive | Judgement::Interrupted | Judgement::Unjudged => {
            format!("{count} {word}")
        }
    }
}

/// What the search says, with how much it looked at: never "correct", only "no violation in …". A search that ended
/// with what it was looking for did not want to see more, so nothing is said about the rest.
#[must_use]
pub fn coverage(outcome: &Outcome) -> String {
    let coverage = &outcome.coverage;
    if let Some(bursts) = &outcome.bursts {
        return burst::coverage(&outcome.verdict, coverage, bursts);
    }
    let shard = coverage.shard.map_or_else(String::new, |shard| format!(" in shard {shard}"));
    let explored = match (&outcome.verdict, coverage.first_violation) {
        (Verdict::Violation(_), Some(first)) if coverage.stopped == Stopped::FirstViolation => {
            return format!("found in schedule {first}{}{shard}", in_workload(outcome));
        }
        (Verdict::Violation(_), None) if coverage.stopped == Stopped::FirstViolation => {
            return retried::FOUND.to_owned();
        }
        (Verdict::Violation(_), None) if coverage.regressions > 0 => {
            format!("{}, {} explored", retried::FOUND, counted(coverage.schedules, "schedule"))
        }
        (Verdict::Violation(_), Some(first)) => {
            format!("found in schedule {first} of {}{} explored", coverage.schedules, of_workloads(coverage))
        }
        (Verdict::Pass, _) => {
            format!("no violation in the {} explored", counted_schedules(coverage))
        }
        _ => format!("{} explored", counted_schedules(coverage)),
    };
    format!("{explored}{shard}, {}", exhausted(coverage))
}

/// `90 schedules`, or `90 schedules of 16 workloads (5 exhausted)`.
fn counted_schedules(coverage: &Coverage) -> String {
    format!("{}{}", counted(coverage.schedules, "schedule"), of_workloads(coverage))
}

fn of_workloads(coverage: &Coverage) -> String {
    let told = |Workloads { drawn, exhausted }: Workloads| {
        // Where all are, or none is, it is said of the whole search.
        let part = if exhausted > 0 && !coverage.exhausted {
            format!(" ({exhausted} exhausted)")
        } else {
            String::new()
        };
        format!(" of {}{part}", counted(drawn, "workload"))
    };
    coverage.workloads.map_or_else(String::new, told)
}

/// The workload whose violation is told, from 1.
fn in_workload(outcome: &Outcome) -> String {
    let programs = outcome.counterexample.as_ref().and_then(|evidence| evidence.original.programs.as_ref());
    programs.map_or_else(String::new, |programs| format!(" (of workload {})", programs.number + 1))
}

fn is_reduced(coverage: &Coverage) -> bool {
    coverage.reduction.as_ref().is_some_and(|reduction| reduction.refuted.is_none())
}

/// `exhausted: yes`, and the bound within which, if there is one, or that of equivalent schedules only one was tried; `no` comes
/// with what stopped the search.
#[must_use]
pub fn exhausted(coverage: &Coverage) -> String {
    let exhausted = match (coverage.exhausted, coverage.stopped) {
        (true, _) if is_reduced(coverage) => "yes (reduced)",
        (true, _) => "yes",
        (false, Stopped::ScheduleBudget) => "no (stopped by the schedule budget)",
        (false, Stopped::TimeBudget) => "no (stopped by the time budget)",
        (false, Stopped::Interrupted) => "no (interrupted)",
        (false, Stopped::Exhausted | Stopped::FirstViolation | Stopped::Inconclusive) => "no",
    };
    match coverage.preemption_bound {
        None => format!("exhausted: {exhausted}"),
        Some(bound) => format!("exhausted: {exhausted}, bound: {}", counted(bound as u64, "preemption")),
    }
}

/// What to try, where the reason for a surprise is plain.
#[must_use]
pub fn hint(outcome: &Outcome) -> Option<&'static str> {
    if outcome.bursts.is_some() && outcome.judgement() == Judgement::MissedBug {
        return Some("free running meets few interleavings (search with `--strategy dfs`)");
    }
    let is_alone = outcome.workers < 2 && outcome.judgement() == Judgement::MissedBug;
    is_alone.then_some("one worker alone cannot race (pass `--workers 2` or more)")
}

/// How an execution was made smaller, in a few words: `shrunk to 2 workers`.
#[must_use]
pub fn shrunk(original: &Trace, shrunk: &Trace) -> Option<String> {
    let (workers, steps) = (shrunk.workers.len(), shrunk.steps.len());
    if workers < original.workers.len() {
        Some(format!("shrunk to {}", counted(workers as u64, "worker")))
    } else if steps < original.steps.len() {
        Some(format!("shrunk to {}", counted(steps as u64, "step")))
    } else {
        None
    }
}

/// `10/10`: how many of the replays showed the violation.
#[must_use]
pub fn fraction(replays: &Replays) -> String {
    format!("{}/{}", replays.reproduced, replays.attempts)
}

/// `10/10 with the same violation`, and how many told another history.
#[must_use]
pub fn replays(replays: &Replays) -> String {
    let told = format!("{} with the same violation", fraction(replays));
    match replays.differing {
        0 => told,
        differing => format!("{told}, {differing} with another history"),
    }
}

/// The size of an execution: `3 workers, 4 context switches, 6 steps`, and what else happened in it; with the number of
/// operations if these were generated.
#[must_use]
pub fn size(trace: &Trace) -> String {
    let workers = counted(trace.workers.len() as u64, "worker");
    let steps = counted(trace.steps.len() as u64, "step");
    let switches = counted(trace.schedule.context_switches() as u64, "context switch");
    let extra = |count: usize, noun: &str| match count as u64 {
        0 => String::new(),
        count => format!(", {}", counted(count, noun)),
    };
    let (splits, faults) = (extra(trace.schedule.splits(), "split"), extra(trace.schedule.faults(), "fault"));
    let time = match trace.schedule.advances() {
        0 => String::new(),
        1 => ", time passes once".to_owned(),
        times => format!(", time passes {times} times"),
    };
    let generated = trace.programs.as_ref().map(|programs| programs.count(&trace.workers) as u64);
    let operations = generated.map_or_else(String::new, |count| format!(", {}", counted(count, "operation")));
    format!("{workers}{operations}, {switches}, {steps}{splits}{faults}{time}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use raceproof::Programs;
    use raceproof::outcome::Reduction;

    use super::*;
    use crate::samples;

    #[test]
    fn durations_keep_about_three_digits() {
        let shown: Vec<_> = [0, 999, 1_000, 12_345, 123_456, 4_560_000, 125_000_000].map(duration).into();
        assert_eq!(shown, ["0 µs", "999 µs", "1.00 ms", "12.3 ms", "123 ms", "4.56 s", "2 min 5 s"]);
    }

    /// A pass that did not see everything must say so.
    #[test]
    fn spent_budget_is_told_with_a_pass() {
        let mut outcome = samples::correct();
        outcome.coverage.exhausted = false;
        outcome.coverage.stopped = Stopped::TimeBudget;
        assert_eq!(
            coverage(&outcome),
            "no violation in the 90 schedules explored, exhausted: no (stopped by the time budget)"
        );
        outcome.coverage.stopped = Stopped::ScheduleBudget;
        outcome.coverage.schedules = 1;
        outcome.coverage.preemption_bound = Some(2);
        assert_eq!(
            coverage(&outcome),
            "no violation in the 1 schedule explored, exhausted: no (stopped by the schedule budget), \
             bound: 2 preemptions"
        );
        outcome.coverage.stopped = Stopped::Interrupted;
        assert!(coverage(&outcome).contains("exhausted: no (interrupted)"));
    }

    /// One schedule of each class of equivalent ones is all there is to try, unless it turned out that they are not.
    #[test]
    fn reduction_is_told_where_it_exhausted_something() {
        let mut outcome = samples::correct();
        outcome.coverage.reduction = Some(Reduction::default());
        assert!(coverage(&outcome).ends_with("exhausted: yes (reduced)"));
        outcome.coverage.reduction = Some(Reduction { refuted: Some("x".into()), ..Reduction::default() });
        assert!(coverage(&outcome).ends_with("exhausted: yes"));
    }

    /// A search that stopped at its first violation has no rest to be honest about; one that went on has.
    #[test]
    fn exhaustion_is_told_of_searches_that_went_on() {
        let mut outcome = samples::caught();
        assert_eq!(coverage(&outcome), "found in schedule 2");
        outcome.coverage.stopped = Stopped::ScheduleBudget;
        outcome.coverage.schedules = 9;
        let told = "found in schedule 2 of 9 explored, exhausted: no (stopped by the schedule budget)";
        assert_eq!(coverage(&outcome), told);
    }

    /// What was not seen in one part may be in another.
    #[test]
    fn part_of_a_search_is_told_with_what_it_saw() {
        let (mut passed, mut caught) = (samples::correct(), samples::caught());
        passed.coverage.shard = "2/4".parse().ok();
        caught.coverage.shard = passed.coverage.shard;
        let told = "no violation in the 90 schedules explored in shard 2/4, exhausted: yes";
        assert_eq!(coverage(&passed), told);
        assert_eq!(coverage(&caught), "found in schedule 2 in shard 2/4");
    }

    /// What was generated is a sample, so it is told how large that was.
    #[test]
    fn workloads_are_told_with_their_schedules() {
        let (mut correct, mut caught) = (samples::correct(), samples::caught());
        for outcome in [&mut correct, &mut caught] {
            outcome.coverage.workloads = Some(Workloads { drawn: 16, exhausted: 16 });
        }
        assert_eq!(
            coverage(&correct),
            "no violation in the 90 schedules of 16 workloads explored, exhausted: yes"
        );
        correct.coverage.workloads = Some(Workloads { drawn: 16, exhausted: 5 });
        correct.coverage.exhausted = false;
        let told = coverage(&correct);
        assert!(
            told.starts_with(
                "no violation in the 90 schedules of 16 workloads (5 exhausted) explored, exhausted: no"
            ),
            "{told}"
        );
        let evidence = caught.counterexample.as_mut().expect("evidence");
        evidence.original.programs = Some(Programs { number: 2, operations: BTreeMap::new() });
        assert_eq!(coverage(&caught), "found in schedule 2 (of workload 3)");
    }

    #[test]
    fn lonely_worker_that_missed_a_bug_gets_a_hint() {
        let alone = |mut outcome: Outcome| {
            outcome.workers = 1;
            hint(&outcome)
        };
        assert!(alone(samples::missed()).is_some_and(|hint| hint.contains("`--workers 2`")));
        assert_eq!((alone(samples::correct()), alone(samples::caught())), (None, None));
        assert_eq!(hint(&samples::missed()), None);
    }

    #[test]
    fn shrinking_is_told_by_what_it_took_away() {
        let evidence = samples::caught().counterexample.expect("caught");
        let (original, small) = (&evidence.original, &evidence.shrunk);
        assert_eq!(shrunk(original, small).as_deref(), Some("shrunk to 2 workers"));
        let mut shorter = small.clone();
        shorter.steps.pop();
        assert_eq!(shrunk(small, &shorter).as_deref(), Some("shrunk to 3 steps"));
        assert_eq!(shrunk(small, small), None);
    }

    #[test]
    fn one_is_singular() {
        assert_eq!((counted(1, "step"), counted(0, "step")), ("1 step".into(), "0 steps".into()));
        assert_eq!(counted(2, "context switch"), "2 context switches");
        assert_eq!((counted(1, "try"), counted(0, "try")), ("1 try".into(), "0 tries".into()));
    }
    #[test]
    fn scenarios_at_several_levels_are_counted_once() {
        assert_eq!(scenarios(["a", "b"]), "2 scenarios");
        assert_eq!(scenarios(["a", "b", "b"]), "2 scenarios in 3 runs");
        assert_eq!(scenarios([]), "0 scenarios");
    }
}
