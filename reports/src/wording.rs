//! Owns the sentences that every report uses for the same fact, so that terminal and page agree and no
//! report claims more than was explored.

use raceproof::Outcome;
use raceproof::history::Trace;
use raceproof::outcome::{Coverage, Judgement, Replays, Stopped};
use raceproof::verdict::Verdict;

/// `1 schedule`, `2 schedules`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
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
    match anomaly(outcome) {
        Some(anomaly) => format!("violation ({anomaly})"),
        None => "pass".to_owned(),
    }
}

/// The name of the anomaly that is expected, if one is.
#[must_use]
pub fn anomaly(outcome: &Outcome) -> Option<&str> {
    match &outcome.card.expected {
        raceproof::Expectation::Violation { anomaly } => Some(anomaly),
        raceproof::Expectation::Pass => None,
    }
}

/// The judgement in words.
#[must_use]
pub fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::AsExpected => "as expected",
        Judgement::Inconclusive => "inconclusive",
        Judgement::MissedBug => "missed bug",
        Judgement::FalseAlarm => "false alarm",
    }
}

/// What the search says, with how much it looked at: never "correct", only "no violation in …".
#[must_use]
pub fn coverage(outcome: &Outcome) -> String {
    let coverage = &outcome.coverage;
    let explored = match (&outcome.verdict, coverage.first_violation) {
        (Verdict::Violation(_), Some(first)) => {
            format!("found in schedule {first} of {} explored", coverage.schedules)
        }
        (Verdict::Pass, _) => {
            format!("no violation in the {} explored", counted(coverage.schedules, "schedule"))
        }
        _ => format!("{} explored", counted(coverage.schedules, "schedule")),
    };
    format!("{explored}, {}{}", exhausted(coverage), stopped(coverage))
}

/// `exhausted: yes`, and the bound within which, if there is one.
#[must_use]
pub fn exhausted(coverage: &Coverage) -> String {
    let exhausted = if coverage.exhausted { "yes" } else { "no" };
    match coverage.preemption_bound {
        None => format!("exhausted: {exhausted}"),
        Some(bound) => format!("exhausted: {exhausted}, bound: {}", counted(bound as u64, "preemption")),
    }
}

/// Why the search ended, if it could have gone on.
fn stopped(coverage: &Coverage) -> &'static str {
    match coverage.stopped {
        Stopped::Exhausted | Stopped::FirstViolation | Stopped::Inconclusive => "",
        Stopped::ScheduleBudget => ", the budget of schedules is spent",
        Stopped::TimeBudget => ", the budget of time is spent",
        Stopped::Interrupted => ", interrupted",
    }
}

/// `10/10 with the same violation`, and how many told another history.
#[must_use]
pub fn replays(replays: &Replays) -> String {
    let told = format!("{}/{} with the same violation", replays.reproduced, replays.attempts);
    match replays.differing {
        0 => told,
        differing => format!("{told}, {differing} with another history"),
    }
}

/// The size of an execution: `3 workers, 4 context switches, 6 steps`.
#[must_use]
pub fn size(trace: &Trace) -> String {
    let workers = counted(trace.workers.len() as u64, "worker");
    let steps = counted(trace.steps.len() as u64, "step");
    let switches = match trace.schedule.context_switches() {
        1 => "1 context switch".to_owned(),
        count => format!("{count} context switches"),
    };
    format!("{workers}, {switches}, {steps}")
}

#[cfg(test)]
mod tests {
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
        outcome.coverage.preemption_bound = Some(2);
        assert_eq!(
            coverage(&outcome),
            "no violation in the 90 schedules explored, exhausted: no, bound: 2 preemptions, \
             the budget of time is spent"
        );
    }

    #[test]
    fn one_is_singular() {
        assert_eq!((counted(1, "step"), counted(0, "step")), ("1 step".into(), "0 steps".into()));
    }
}
