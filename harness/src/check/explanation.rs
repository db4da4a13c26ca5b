//! Owns [`Explanation`]: what a checker found, as data for whoever draws it. Its words are in the violation.

use serde::{Deserialize, Serialize};

use super::Cycle;
use super::linearizability::Stuck;

/// Why a checker says that a promise is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Explanation {
    /// The operations cannot be put into one order: how far the best one goes, and which of them have no place in it.
    NotLinearizable(Stuck),
    /// Each of these must come before the next, and the last before the first.
    Cycle(Cycle),
}
