//! Owns [`Exchange`]: a request with its answer, of which a store says what it touched.

use bytes::Bytes;

use crate::id::ConnectionId;
use crate::wire::Context;

/// A request and its answer, as they went through the gate.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// By which connection it came.
    pub connection: ConnectionId,
    /// Requests that were forwarded before and belong to it.
    pub queued: &'a [Bytes],
    /// The request; empty if it was sent in an exchange before, in which it was not answered.
    pub request: &'a [u8],
    /// What the request refers to.
    pub context: Option<&'a Context>,
    /// The answer; `None` if the store keeps the request waiting, or it has stopped half-way.
    pub reply: Option<&'a [u8]>,
}
