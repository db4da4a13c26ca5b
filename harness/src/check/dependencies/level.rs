//! Owns [`Level`]: what histories of transactions may be held to, after Adya.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A level of consistency, told by the anomalies that it forbids (Adya, Liskov and O'Neil, "Generalized Isolation Level
/// Definitions", 2000). [`Isolation`](crate::Isolation) is what a transaction asks a store for; this is what it gets.
///
/// The order is that of strength, but for one pair: repeatable read forbids write skew and allows phantoms, snapshot isolation
/// the other way round. So a history with a write skew is consistent with the later of the two and not with the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// PL-1: writes of two transactions are not interleaved (no G0).
    ReadUncommitted,
    /// PL-2: nothing is read that was aborted, overwritten before its commit, or written by somebody who read it back (no G1).
    ReadCommitted,
    /// PL-2.99: nothing that was read as an item is overwritten before the reader is done (no G2-item).
    RepeatableRead,
    /// PL-SI: everything is read as of one moment, and no update is lost (no cycle without two anti-dependencies in a row; Cerone
    /// and Gotsman, 2016).
    SnapshotIsolation,
    /// PL-3: as if one transaction had run after the other, in any order (no G2).
    Serializable,
    /// PL-SS: in an order in which whoever had ended is before whoever had not begun.
    StrictSerializable,
}

impl Level {
    /// Every level, the weakest first.
    pub const ALL: [Self; 6] = [
        Self::ReadUncommitted,
        Self::ReadCommitted,
        Self::RepeatableRead,
        Self::SnapshotIsolation,
        Self::Serializable,
        Self::StrictSerializable,
    ];

    /// The name on the command line and in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "read-uncommitted",
            Self::ReadCommitted => "read-committed",
            Self::RepeatableRead => "repeatable-read",
            Self::SnapshotIsolation => "snapshot-isolation",
            Self::Serializable => "serializable",
            Self::StrictSerializable => "strict-serializable",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A word that names no level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no level of consistency (use `read-uncommitted`, `read-committed`, `repeatable-read`, `snapshot-isolation`, \
     `serializable` or `strict-serializable`)"
)]
pub struct LevelError(pub String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        let found = Self::ALL.into_iter().find(|level| level.name() == text);
        found.ok_or_else(|| LevelError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert!("snapshot".parse::<Level>().is_err());
    }
}
