//! Owns [`Reduction`]: what became of trying one schedule of each class of equivalent ones.

use serde::{Deserialize, Serialize};

/// What became of the reduction of a search to one schedule of each class of equivalent ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reduction {
    /// How many pairs of steps that are taken to be independent were executed the other way round.
    pub pairs: u64,
    /// How much was learnt about which steps depend on each other. Shards that have not learnt as much leave different things to
    /// each other.
    #[serde(default)]
    pub coarseness: u64,
    /// The first of them that made a difference, which is a bug of the harness, and what differed. The search went on without
    /// reduction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuted: Option<String>,
}
