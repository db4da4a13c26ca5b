//! Owns the wording of this codec's errors.

use crate::wire::WireError;

/// The name under which errors speak of this protocol.
const PROTOCOL: &str = "RESP";

/// Most bytes of the peer that an error repeats.
const EXCERPT_BYTES_MAX: usize = 32;

/// Bytes that break the grammar.
pub(super) fn malformed(what: impl Into<String>) -> WireError {
    WireError::Malformed { protocol: PROTOCOL, what: what.into() }
}

/// More of something than the limits allow.
pub(super) fn too_large(unit: &'static str, found: u64, limit: usize) -> WireError {
    WireError::TooLarge { protocol: PROTOCOL, unit, found, limit: limit as u64 }
}

/// The beginning of `bytes`, printable.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(EXCERPT_BYTES_MAX)];
    let dots = if shown.len() < bytes.len() { "…" } else { "" };
    format!("`{}{dots}`", shown.escape_ascii())
}
