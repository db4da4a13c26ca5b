//! Owns the document that `raceproof check --format json` writes; append-only within a version, as records are.

use schemars::JsonSchema;
use serde::Serialize;

/// What the field `format` says.
pub(super) const FORMAT: &str = "raceproof-check";

/// Histories, and what a checker says of each.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Checked {
    /// Always `raceproof-check`.
    format: String,
    /// The version of the format, from 1.
    version: u64,
    /// What the histories were compared with, such as `cas-register`.
    model: String,
    /// The histories, in the order of the files.
    histories: Vec<CheckedHistory>,
}

/// What a checker says of one history.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CheckedHistory {
    /// The file, and where in it the history lies if it has several.
    pub(super) name: String,
    /// What it is.
    pub(super) verdict: CheckedVerdict,
    /// What breaks it, or why nothing can be said; null if it holds.
    pub(super) found: Option<String>,
    /// How many operations it has.
    pub(super) operations: usize,
    /// How long that took.
    pub(super) milliseconds: f64,
    /// Where each operation may have taken effect, in an order that explains the history; null if there is none, or if the model is
    /// none of objects.
    pub(super) points: Option<Vec<Point>>,
}

/// A verdict on a history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CheckedVerdict {
    /// It is as the model demands.
    Holds,
    /// It is not.
    Broken,
    /// A limit was met before that could be said.
    Undecided,
}

/// When an operation took effect.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Point {
    /// Which operation, from 0.
    pub(super) operation: usize,
    /// Behind which of the invocations and returns, from 0.
    pub(super) after_event: u64,
}

impl Checked {
    /// A document of this program's version.
    pub(super) fn new(model: String, histories: Vec<CheckedHistory>) -> Self {
        Self { format: FORMAT.to_owned(), version: 1, model, histories }
    }
}
