//! Owns [`Anomaly`]: what can be wrong with a history of transactions, by its name in the literature.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Level;

/// One kind of anomaly, the gravest first. Names and meanings are Adya's ("Weak Consistency", 1999) where he has one, else those
/// of Elle (Kingsbury and Alvaro, VLDB 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Anomaly {
    /// A value was read that nobody wrote.
    #[serde(rename = "unwritten-read")]
    UnwrittenRead,
    /// One append is there twice.
    #[serde(rename = "duplicate-append")]
    DuplicateAppend,
    /// G0, dirty write: a cycle of writes alone.
    G0,
    /// Two reads of one key that no order of its versions explains.
    #[serde(rename = "incompatible-order")]
    IncompatibleOrder,
    /// What was aborted is part of what others wrote on top of it.
    #[serde(rename = "dirty-update")]
    DirtyUpdate,
    /// G1a, aborted read: what was aborted was read.
    G1a,
    /// G1b, intermediate read: what its writer overwrote before its commit was read.
    G1b,
    /// A transaction does not see its own writes, or sees them before it makes them.
    #[serde(rename = "internal")]
    Internal,
    /// G1c, circular information flow: a cycle of writes and of reads of what was written.
    G1c,
    /// Two transactions read one version and both replaced it.
    #[serde(rename = "lost-update")]
    LostUpdate,
    /// G-single: a cycle with exactly one anti-dependency (read skew, among others).
    #[serde(rename = "G-single")]
    GSingle,
    /// A cycle with several anti-dependencies, no two of which follow each other.
    #[serde(rename = "G-nonadjacent")]
    GNonadjacent,
    /// G2-item: a cycle with several anti-dependencies, all about items (write skew, among others).
    #[serde(rename = "G2-item")]
    G2Item,
    /// G2: a cycle with several anti-dependencies, also about what a condition selected (phantoms).
    G2,
    /// A cycle only together with the order within each process.
    #[serde(rename = "process")]
    Process,
    /// A cycle only together with who had ended before who began, such as a stale read.
    #[serde(rename = "realtime")]
    RealTime,
}

impl Anomaly {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnwrittenRead => "unwritten-read",
            Self::DuplicateAppend => "duplicate-append",
            Self::G0 => "G0",
            Self::IncompatibleOrder => "incompatible-order",
            Self::DirtyUpdate => "dirty-update",
            Self::G1a => "G1a",
            Self::G1b => "G1b",
            Self::Internal => "internal",
            Self::G1c => "G1c",
            Self::LostUpdate => "lost-update",
            Self::GSingle => "G-single",
            Self::GNonadjacent => "G-nonadjacent",
            Self::G2Item => "G2-item",
            Self::G2 => "G2",
            Self::Process => "process",
            Self::RealTime => "realtime",
        }
    }

    /// What a back-end engineer calls it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnwrittenRead => "a read of what nobody wrote",
            Self::DuplicateAppend => "an append that took effect twice",
            Self::G0 => "a dirty write",
            Self::IncompatibleOrder => "reads that no order of the writes explains",
            Self::DirtyUpdate => "an update on top of what was aborted",
            Self::G1a => "an aborted read",
            Self::G1b => "an intermediate read",
            Self::Internal => "a transaction that does not see its own writes as it makes them",
            Self::G1c => "a circular flow of information",
            Self::LostUpdate => "a lost update",
            Self::GSingle => "a read skew",
            Self::GNonadjacent => "a long read skew",
            Self::G2Item => "a write skew",
            Self::G2 => "a phantom",
            Self::Process => "a session that goes back in time",
            Self::RealTime => "a stale read",
        }
    }

    /// Whether a history with this anomaly is not consistent with `level`.
    #[must_use]
    pub fn rules_out(self, level: Level) -> bool {
        match self {
            Self::UnwrittenRead | Self::DuplicateAppend | Self::G0 => true,
            Self::IncompatibleOrder
            | Self::DirtyUpdate
            | Self::G1a
            | Self::G1b
            | Self::Internal
            | Self::G1c => level >= Level::ReadCommitted,
            Self::LostUpdate | Self::GSingle | Self::GNonadjacent => level >= Level::RepeatableRead,
            Self::G2Item => level == Level::RepeatableRead || level >= Level::Serializable,
            Self::G2 => level >= Level::Serializable,
            Self::Process | Self::RealTime => level >= Level::StrictSerializable,
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
