//! Owns [`Change`]: what is otherwise in a run than in the one before it.

use std::fmt;

use super::{Finding, PastRun};
use crate::wording::{counted, duration};

/// How many times longer something must take to be told, and how much longer at least: searches differ in their time by chance.
const SLOWER_TIMES: u64 = 2;
const SLOWER_US_MIN: u64 = 1_000_000;

/// One thing that is otherwise than in the run before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Another verdict.
    Verdict {
        /// Of which scenario.
        name: String,
        /// What it was.
        before: &'static str,
        /// What it is.
        after: &'static str,
    },
    /// The search no longer comes to its end, or does now.
    Exhausted {
        /// Of which scenario.
        name: String,
        /// Whether it comes to its end now.
        now: bool,
    },
    /// The violation is found earlier or later.
    Found {
        /// Of which scenario.
        name: String,
        /// In which schedule it was found.
        before: u64,
        /// In which it is.
        after: u64,
    },
    /// A search of another size.
    Explored {
        /// Of which scenario.
        name: String,
        /// How many schedules there were.
        before: u64,
        /// How many there are.
        after: u64,
    },
    /// It takes much longer, or much less long.
    Time {
        /// Which scenario.
        name: String,
        /// How long it took, in microseconds.
        before: u64,
        /// How long it takes.
        after: u64,
    },
    /// It was not there before.
    New {
        /// Which scenario.
        name: String,
    },
    /// It is not there any more.
    Gone {
        /// Which scenario.
        name: String,
    },
}

/// What is otherwise in `after` than in `before`, verdicts first. Of one scenario that changed its verdict nothing else is told.
#[must_use]
pub fn changes(before: &PastRun, after: &PastRun) -> Vec<Change> {
    let (old, new) = (before.by_name(), after.by_name());
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let mut changes: Vec<_> = gone.map(|name| Change::Gone { name: (*name).to_owned() }).collect();
    for (name, finding) in &new {
        match old.get(name) {
            None => changes.push(Change::New { name: (*name).to_owned() }),
            Some(then) => changes.extend(of_one(then, finding)),
        }
    }
    changes.sort();
    changes
}

fn of_one(then: &Finding, now: &Finding) -> Vec<Change> {
    let name = now.name.clone();
    if then.verdict != now.verdict {
        return vec![Change::Verdict { name, before: then.verdict, after: now.verdict }];
    }
    let mut changes = Vec::new();
    match (then.first_violation, now.first_violation) {
        (Some(before), Some(after)) if before != after => {
            changes.push(Change::Found { name: name.clone(), before, after });
        }
        // How many schedules there are up to the violation is told already.
        (Some(_), Some(_)) => {}
        _ if then.exhausted != now.exhausted => {
            changes.push(Change::Exhausted { name: name.clone(), now: now.exhausted });
        }
        // Of a search that a budget ended the number is luck.
        _ if now.exhausted && then.schedules != now.schedules => {
            changes.push(Change::Explored {
                name: name.clone(),
                before: then.schedules,
                after: now.schedules,
            });
        }
        _ => {}
    }
    let (before, after) = (then.elapsed_us, now.elapsed_us);
    let (less, more) = (before.min(after), before.max(after));
    if more / SLOWER_TIMES >= less.max(1) && more - less >= SLOWER_US_MIN {
        changes.push(Change::Time { name, before, after });
    }
    changes
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict { name, before, after } => write!(formatter, "{name}: {before} → {after}"),
            Self::Exhausted { name, now: true } => write!(formatter, "{name}: now exhausted"),
            Self::Exhausted { name, now: false } => write!(formatter, "{name}: no longer exhausted"),
            Self::Found { name, before, after } => {
                write!(formatter, "{name}: found in schedule {before} → {after}")
            }
            Self::Explored { name, before, after } => {
                write!(formatter, "{name}: {before} → {} explored", counted(*after, "schedule"))
            }
            Self::Time { name, before, after } => {
                write!(formatter, "{name}: {} → {}", duration(*before), duration(*after))
            }
            Self::New { name } => write!(formatter, "{name}: new"),
            Self::Gone { name } => write!(formatter, "{name}: gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::samples;

    fn run(outcomes: Vec<raceproof::Outcome>) -> PastRun {
        PastRun::of("a".to_owned(), &Document::new(Vec::new(), outcomes), 0)
    }

    fn told(before: Vec<raceproof::Outcome>, after: Vec<raceproof::Outcome>) -> Vec<String> {
        changes(&run(before), &run(after)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn same_runs_differ_in_nothing() {
        assert_eq!(told(samples::everything(), samples::everything()), [""; 0]);
    }

    #[test]
    fn flipped_verdicts_come_first_and_say_all() {
        let mut passed = samples::caught();
        passed.verdict = raceproof::verdict::Verdict::Pass;
        passed.coverage.first_violation = None;
        passed.coverage.elapsed_us = 900_000_000;
        let flips = told(vec![samples::caught(), samples::missed()], vec![samples::correct(), passed]);
        let expected =
            ["counter/get-set: violation → pass", "counter/incr: new", "counter/watch-ignored: gone"];
        assert_eq!(flips, expected);
    }

    #[test]
    fn coverage_schedules_to_the_violation_and_time_are_told() {
        let (mut later, mut smaller) = (samples::caught(), samples::correct());
        later.coverage.first_violation = Some(9);
        smaller.coverage.schedules = 1;
        smaller.coverage.elapsed_us = 5_000_000;
        let before = vec![samples::caught(), samples::correct()];
        let changed = told(before.clone(), vec![later, smaller.clone()]);
        let expected = [
            "counter/get-set: found in schedule 2 → 9",
            "counter/incr: 90 → 1 schedule explored",
            "counter/incr: 20.4 ms → 5.00 s",
        ];
        assert_eq!(changed, expected);
        smaller.coverage.exhausted = false;
        smaller.coverage.elapsed_us = 30_000;
        assert_eq!(told(before, vec![samples::caught(), smaller]), ["counter/incr: no longer exhausted"]);
    }
}
