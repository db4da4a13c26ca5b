//! Owns the wording of this codec's errors.

use crate::wire::WireError;

/// The name under which errors speak of this protocol.
const PROTOCOL: &str = "PostgreSQL";

/// Bytes that break the grammar.
pub(super) fn malformed(what: impl Into<String>) -> WireError {
    WireError::Malformed { protocol: PROTOCOL, what: what.into() }
}

/// More of something than the limits allow.
pub(super) fn too_large(unit: &'static str, found: usize, limit: usize) -> WireError {
    WireError::TooLarge { protocol: PROTOCOL, unit, found: found as u64, limit: limit as u64 }
}

/// The byte that names a kind of message, printable.
pub(super) fn kind(tag: u8) -> String {
    format!("`{}`", tag.escape_ascii())
}
