//! Owns what an execution or a search came to ([`Verdict`]) and how two results merge.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::Explanation;
use crate::redacted::is_like;

/// The result of judging one execution, or all executions of a search.
///
/// `Violation` outranks `Inconclusive`, which outranks `Pass`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verdict {
    /// Every invariant held in what was explored; never more than that.
    Pass,
    /// It cannot be said; the reason has a name.
    Inconclusive(Inconclusive),
    /// A bug in the code under test: an invariant was broken.
    Violation(Violation),
}

impl Verdict {
    /// The graver of two verdicts; of two equally grave ones the first.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// One word: `pass`, `inconclusive` or `violation`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive(_) => "inconclusive",
            Self::Violation(_) => "violation",
        }
    }

    /// The violation, if it is one.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Violation(violation) => Some(violation),
            Self::Pass | Self::Inconclusive(_) => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Inconclusive(_) => 1,
            Self::Violation(_) => 2,
        }
    }
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Violation {
    /// The promise that was broken, in the words of the scenario; it names the violation.
    pub invariant: String,
    /// What was found instead.
    pub found: String,
    /// After which step it showed, from 1; `None` if only at the end.
    pub step: Option<usize>,
    /// Whose promise it was.
    #[serde(default, skip_serializing_if = "Culprit::is_code")]
    pub culprit: Culprit,
    /// What a checker found, as data, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Box<Explanation>>,
}

/// Who has broken a promise. A failure of the harness is an [`Error`](crate::Error) and breaks none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Culprit {
    /// The code under test.
    #[default]
    Code,
    /// A store, which did something that its documentation rules out, such as an anomaly that an isolation level does not
    /// allow.
    Store,
}

impl Culprit {
    fn is_code(&self) -> bool {
        *self == Self::Code
    }
}

impl Violation {
    /// The code under test has broken `invariant`, after `step` if that is known; `found` is what there was instead.
    pub fn new(invariant: impl Into<String>, found: impl Into<String>, step: Option<usize>) -> Self {
        let (invariant, found) = (invariant.into(), found.into());
        Self { invariant, found, step, culprit: Culprit::Code, explanation: None }
    }

    /// Whether two violations break the same promise, wherever and with whichever values.
    #[must_use]
    pub fn same_kind(&self, other: &Self) -> bool {
        is_like(&self.invariant, &other.invariant) || is_like(&other.invariant, &self.invariant)
    }
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Inconclusive {
    /// A worker neither finished nor sent a request within the limit.
    Unsettled {
        /// Who is waited for, such as `B`.
        workers: String,
        /// The limit, in milliseconds.
        settle_ms_max: u64,
    },
    /// Workers that ran free had not all finished in time.
    Unfinished {
        /// Who had not, such as `A, B`.
        workers: String,
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// An execution took more steps than allowed.
    StepLimit {
        /// The limit.
        steps_max: usize,
    },
    /// A store stopped answering, or closed a connection that nobody closed.
    StoreLost {
        /// Which store and what happened.
        what: String,
    },
    /// The store is waiting for something that is not one of our workers.
    BlockedByStranger {
        /// What is known about it.
        what: String,
    },
    /// The code under test used something that the gate does not model.
    Unsupported {
        /// What it was and which worker sent it.
        what: String,
    },
    /// The machine was too slow to do what was chosen, although it was tried several times.
    Unforced {
        /// What could not be done.
        what: String,
    },
    /// The same schedule led to another history.
    Nondeterministic {
        /// The first step that differed, from 1.
        step: usize,
        /// What differed.
        what: String,
    },
    /// The schedule to replay does not fit what the code under test does now.
    Diverged {
        /// The first step that does not fit, from 1.
        step: usize,
        /// What was expected and what is there.
        what: String,
    },
    /// The scenario states no invariant, and what its workers come to one after the other cannot take its place.
    NoPromise {
        /// Why.
        why: String,
    },
    /// A checker could not decide within its limits whether an invariant holds, or did not understand an operation.
    Undecided {
        /// The promise.
        invariant: String,
        /// Why it could not.
        why: String,
    },
    /// A worker failed in every execution, so the invariants were never put to the test.
    Vacuous {
        /// Whose failure and its text.
        what: String,
    },
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsettled { workers, settle_ms_max } => {
                let (noun, verb) =
                    if workers.contains(',') { ("workers", "do they") } else { ("worker", "does it") };
                write!(
                    formatter,
                    "{noun} {workers} neither finished nor sent a request within {settle_ms_max} ms \
                     ({verb} wait for something outside the stores?)"
                )
            }
            Self::Unfinished { workers, limit_ms } => {
                write!(formatter, "{workers} did not finish within {limit_ms} ms (an endless retry loop?)")
            }
            Self::StepLimit { steps_max } => {
                write!(formatter, "an execution exceeded {steps_max} steps (an endless retry loop?)")
            }
            Self::StoreLost { what } => write!(formatter, "a store was lost: {what}"),
            Self::BlockedByStranger { what } => write!(formatter, "blocked by no worker of ours: {what}"),
            Self::Unsupported { what } => write!(formatter, "unsupported: {what}"),
            Self::Unforced { what } => write!(formatter, "the machine was too slow: {what}"),
            Self::Nondeterministic { step, what } => {
                write!(formatter, "same schedule, other history at step {step}: {what}")
            }
            Self::Diverged { step, what } => {
                write!(formatter, "the code (or the record) now differs at step {step}: {what}")
            }
            Self::NoPromise { why } => {
                write!(formatter, "nothing says what is right: no invariant is stated, and {why} (state one)")
            }
            Self::Undecided { invariant, why } => {
                write!(formatter, "it could not be decided whether \"{invariant}\" holds: {why}")
            }
            Self::Vacuous { what } => write!(formatter, "no execution ran to its end: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_waited_for_is_told_in_singular_and_plural() {
        let told = |workers: &str| {
            Inconclusive::Unsettled { workers: workers.to_owned(), settle_ms_max: 5 }.to_string()
        };
        assert!(told("B").starts_with("worker B neither") && told("B").contains("(does it wait"));
        assert!(told("A, C").starts_with("workers A, C neither") && told("A, C").contains("(do they wait"));
    }

    /// All nine pairs: the merged verdict is never less grave than either, and ties keep the first.
    #[test]
    fn graver_verdict_wins() {
        let violation = |name: &str| Verdict::Violation(Violation::new(name, "", None));
        let unsure = Verdict::Inconclusive(Inconclusive::StepLimit { steps_max: 1 });
        let all = [Verdict::Pass, unsure.clone(), violation("a")];
        for first in &all {
            for second in &all {
                let merged = first.clone().merge(second.clone());
                assert_eq!(merged.rank(), first.rank().max(second.rank()));
            }
        }
        assert_eq!(violation("a").merge(violation("b")), violation("a"));
    }
}
