//! Owns [`Grace`]: how often a time decided that a program outside waits.

use serde::{Deserialize, Serialize};

/// How often a program outside was taken to wait for other workers because it did nothing for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grace {
    /// How long that was, in milliseconds.
    pub ms: u64,
    /// How often, in all executions together.
    pub times: u64,
}

impl Grace {
    /// Both together.
    pub(crate) fn sum(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => {
                Some(Self { ms: one.ms.max(other.ms), times: one.times + other.times })
            }
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_added_and_none_is_nothing() {
        let grace = |times| Some(Grace { ms: 100, times });
        assert_eq!(Grace::sum(grace(2), grace(3)), grace(5));
        assert_eq!((Grace::sum(None, grace(1)), Grace::sum(None, None)), (grace(1), None));
    }
}
