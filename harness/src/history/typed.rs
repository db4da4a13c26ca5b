//! Owns [`Typed`]: what was sent to a store, as it can be typed into the store's own client.

use serde::{Deserialize, Serialize};

/// What was sent to one store, in order and in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Typed {
    /// Which store, such as `redis`.
    pub store: String,
    /// One entry for each command or statement.
    pub lines: Vec<String>,
}
