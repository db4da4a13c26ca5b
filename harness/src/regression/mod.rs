//! Owns [`Regression`]: a schedule that once violated an invariant, with what the code under test sent along it. It is a
//! value; files are the business of [`crate::run::RegressionFolder`], retrying it that of `run`.

mod fate;
mod text;

use serde::{Deserialize, Serialize};

pub use fate::{Fate, Retried};
pub use text::{FORMAT, RegressionError, VERSION};

use crate::choice::{Choice, Schedule};
use crate::fault::FaultModel;
use crate::history::{Effect, Hit, Trace};
use crate::id::WorkerId;
use crate::isolation::Isolation;
use crate::programs::Programs;
use crate::redacted::is_like;
use crate::verdict::Violation;

/// A schedule that once violated an invariant.
///
/// ```
/// # use raceproof::regression::Regression;
/// let text = r#"{
///   "format": "raceproof-regression", "version": 1, "program": "0.1.0",
///   "scenario": "counter/get-set", "model": "pause", "workers": 3, "seed": 0, "team": ["A", "B"],
///   "violation": { "invariant": "no increment is lost", "found": "counter=1", "step": null },
///   "schedule": "A B",
///   "steps": [
///     { "choice": "A", "store": "redis", "sent": ["GET counter"], "digest": "00" },
///     { "choice": "B", "store": "redis", "sent": ["GET counter"], "digest": "00" }
///   ]
/// }"#;
/// let regression = Regression::parse(text)?;
/// assert_eq!(regression.schedule.to_string(), "A B");
/// assert_eq!(Regression::parse(&regression.text())?, regression);
/// # Ok::<(), raceproof::regression::RegressionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Regression {
    /// The version of the program that found it, such as `0.1.0`.
    pub program: String,
    /// The name of the scenario.
    pub scenario: String,
    /// The isolation level of transactions that named none; `None` is the store's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// What could break, and whether anybody could pause.
    pub model: FaultModel,
    /// How many workers the scenario had.
    pub workers: usize,
    /// Where all chance came from.
    pub seed: u64,
    /// The workers that take part, after shrinking.
    pub team: Vec<WorkerId>,
    /// What the workers are to do, if it was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<Programs>,
    /// What was violated.
    pub violation: Violation,
    /// The choices, one for each of `steps`.
    pub schedule: Schedule,
    /// Why the schedule no longer fits, if that was found when it was last retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// What was sent, step by step.
    pub steps: Vec<SentStep>,
}

/// What the code under test sent in one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SentStep {
    /// The choice.
    pub choice: Choice,
    /// To which store, if a request belongs to the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The requests as one would type them, shortened, the one that was released last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<String>,
    /// Digest of the requests and of the answer, in hexadecimal, if there is either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Why a schedule no longer fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stale {
    /// The first step (from 1) at which the code under test does something else.
    pub step: usize,
    /// What was wanted there and what is there.
    pub reason: String,
}

impl Regression {
    /// Whether both are the same violation: of the same promise, by the same schedule of the same operations, of the same search. What is sent
    /// along it may differ.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// What [`is_same_as`](Self::is_same_as) compares, as text.
    #[must_use]
    pub fn identity(&self) -> [String; 5] {
        let level = self.isolation.map_or_else(String::new, |level| level.to_string());
        let (model, schedule) = (self.model.to_string(), self.schedule.to_string());
        let does = self.programs.as_ref().map_or_else(String::new, |programs| format!(" ({programs})"));
        let course = format!("{schedule}{does}");
        [self.scenario.clone(), level, model, self.violation.invariant.clone(), course]
    }
}

impl SentStep {
    /// What was sent in every step of `trace`.
    pub(crate) fn all(trace: &Trace) -> Vec<Self> {
        trace
            .schedule
            .0
            .iter()
            .zip(&trace.steps)
            .map(|(choice, step)| Self::of(*choice, &step.effect))
            .collect()
    }

    fn of(choice: Choice, effect: &Effect) -> Self {
        match effect {
            Effect::Request { store, queued, request, digest, .. }
            | Effect::Fault { hit: Some(Hit { store, queued, request, digest, .. }), .. } => Self {
                choice,
                store: Some(store.clone()),
                sent: queued.iter().chain([request]).cloned().collect(),
                digest: Some(digest.clone()),
            },
            Effect::Continued { digest, .. } | Effect::Delivery { digest, .. } => {
                Self { choice, store: None, sent: Vec::new(), digest: Some(digest.clone()) }
            }
            Effect::Fault { hit: None, .. } | Effect::TimePassed { .. } => {
                Self { choice, store: None, sent: Vec::new(), digest: None }
            }
        }
    }

    /// Whether the code under test did the same, whatever the store answered.
    fn sends_as(&self, other: &Self) -> bool {
        (self.choice, &self.store) == (other.choice, &other.store) && is_like(&self.sent, &other.sent)
    }

    /// What was sent, in back-ticks, or the choice where nothing was.
    fn told(&self, with_store: bool) -> String {
        match (&self.store, self.sent.is_empty()) {
            (Some(store), false) if with_store => format!("`{}` to {store}", self.sent.join("; ")),
            (_, false) => format!("`{}`", self.sent.join("; ")),
            (_, true) => format!("the choice `{}`", self.choice),
        }
    }
}
