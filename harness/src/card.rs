//! Owns [`Card`]: what a scenario says about itself.

use serde::{Deserialize, Serialize};

/// A scenario's name, promise and expected verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// `family/variant`, such as `counter/get-set`; lower case, digits and hyphens.
    pub name: String,
    /// Two sentences for a back-end engineer: what the code does and why it breaks or holds.
    pub about: String,
    /// The verdict that a search must come to.
    pub expected: Expectation,
    /// The stores it needs, such as `redis`.
    pub stores: Vec<String>,
    /// How many workers it runs unless told otherwise.
    pub workers: usize,
    /// The real bug that it is built from, such as `mozilla/send#1240`, if any.
    pub source: Option<String>,
}

impl Card {
    /// The part of the name before the slash.
    #[must_use]
    pub fn family(&self) -> &str {
        self.name.split_once('/').map_or(self.name.as_str(), |(family, _)| family)
    }
}

/// The verdict that a search must come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Expectation {
    /// Every invariant holds in every schedule.
    Pass,
    /// Some schedule breaks an invariant.
    Violation {
        /// The standard name of the anomaly, such as `lost update`.
        anomaly: String,
    },
}

impl Expectation {
    /// Whether a violation is expected.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        matches!(self, Self::Violation { .. })
    }
}
