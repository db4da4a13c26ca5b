//! Owns the ways in which bytes fail to be a message; codecs return them.

use thiserror::Error;

/// Bytes that are no message of the protocol, or too much of one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireError {
    /// The bytes break the protocol's grammar.
    #[error("not a {protocol} message: {what}")]
    Malformed {
        /// The protocol, such as `RESP`.
        protocol: &'static str,
        /// What was found and what was expected.
        what: String,
    },
    /// A message exceeds a limit.
    #[error("a {protocol} message has {found} {unit}, more than the limit of {limit}")]
    TooLarge {
        /// The protocol, such as `RESP`.
        protocol: &'static str,
        /// What was counted (`bytes`, `elements`, `levels`).
        unit: &'static str,
        /// How many were announced or found.
        found: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// The server sent an answer although no request was open.
    #[error("the server answered a request that was never sent: {what}")]
    Unasked {
        /// The answer, shortened.
        what: String,
    },
}
