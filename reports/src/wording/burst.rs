//! Owns the words for bursts, which claim no schedule: how many there were, how fast, how long the stores took.

use raceproof::burst::{BurstRecord, Bursts, Latency};
use raceproof::outcome::{Coverage, Stopped};
use raceproof::verdict::Verdict;

use super::counted;

/// Most kinds of commands whose latencies are told.
const KINDS_MAX: usize = 3;

/// What can be done with a violation that a burst showed.
pub const NO_REPLAY: &str =
    "a burst cannot be replayed: `--strategy dfs` or `random` searches for a schedule that can";

/// What was found in how many bursts, and how fast they were.
pub(super) fn coverage(verdict: &Verdict, coverage: &Coverage, bursts: &Bursts) -> String {
    let count = counted(coverage.schedules, "burst");
    let found = match (verdict, coverage.first_violation) {
        (Verdict::Violation(_), Some(first)) if coverage.stopped == Stopped::FirstViolation => {
            format!("found in burst {first}")
        }
        (Verdict::Violation(_), Some(first)) => {
            format!("found in burst {first}, and in {} of {count}", coverage.violating)
        }
        (Verdict::Pass, _) => format!("no violation in {count}, which proves little"),
        _ => count,
    };
    let (threads, commands) = (counted(bursts.threads as u64, "thread"), counted(bursts.commands, "command"));
    let operations = match bursts.operations {
        0 => String::new(),
        operations => format!(", {}", counted(operations, "operation")),
    };
    format!("{found}; {threads}{operations}, {commands} ({}/s)", bursts.commands_per_second())
}

/// How long the stores took, of the most frequent commands.
pub(super) fn latencies(bursts: &Bursts) -> Option<String> {
    let mut kinds: Vec<(&String, &Latency)> = bursts.latencies.iter().collect();
    kinds.sort_by_key(|(_, latency)| std::cmp::Reverse(latency.count));
    let told = |(name, latency): &(&String, &Latency)| {
        let Latency { p50_us, p99_us, max_us, .. } = latency;
        format!("{name} {p50_us}, {p99_us}, {max_us}")
    };
    let all: Vec<_> = kinds.iter().take(KINDS_MAX).map(told).collect();
    (!all.is_empty()).then(|| format!("µs at the gate (p50, p99, max): {}", all.join("; ")))
}

/// What the lanes of a burst show: `the first 200 commands of burst 3, in the order of their answers`.
#[must_use]
pub fn burst(record: &BurstRecord) -> String {
    let all = record.passed.len() as u64 + record.left_out;
    let untold = match record.left_out {
        0 => String::new(),
        _ => format!(", the first {} kept", record.passed.len()),
    };
    format!("burst {}: {} in the order of the answers{untold}", record.number, counted(all, "command"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn bursts() -> Bursts {
        let latency = |count| Latency { count, p50_us: 20, p99_us: 90, max_us: 400 };
        let latencies = [("redis SET".to_owned(), latency(1)), ("redis GET".to_owned(), latency(2))].into();
        Bursts { threads: 2, operations: 3, commands: 6, running_us: 1_000, latencies, ..Bursts::default() }
    }

    /// The most frequent command comes first; without any there is nothing to tell.
    #[test]
    fn latencies_are_told_of_the_most_frequent_commands() {
        let told = latencies(&bursts()).expect("there are some");
        assert_eq!(told, "µs at the gate (p50, p99, max): redis GET 20, 90, 400; redis SET 20, 90, 400");
        assert_eq!(latencies(&Bursts::default()), None);
    }

    #[test]
    fn bursts_are_told_with_what_was_found_and_how_fast() {
        let mut outcome = samples::caught();
        outcome.coverage.schedules = 9;
        let told = |outcome: &raceproof::Outcome| coverage(&outcome.verdict, &outcome.coverage, &bursts());
        assert_eq!(told(&outcome), "found in burst 2; 2 threads, 3 operations, 6 commands (6000/s)");
        outcome.coverage.stopped = Stopped::ScheduleBudget;
        outcome.coverage.violating = 4;
        assert!(told(&outcome).starts_with("found in burst 2, and in 4 of 9 bursts; "));
        outcome.verdict = Verdict::Pass;
        assert!(told(&outcome).starts_with("no violation in 9 bursts, which proves little; "));
    }
}
