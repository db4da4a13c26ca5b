//! Owns the limits that a codec enforces; the protocols apply them.

/// Longest request that is told as it can be typed, in bytes.
pub(super) const TYPED_BYTES_MAX: usize = 32 << 10;

/// Bounds on what a peer may make a codec hold or follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest single message, in bytes.
    pub message_bytes_max: usize,
    /// Most elements in one message, all levels together.
    pub elements_max: usize,
    /// Deepest nesting of aggregates.
    pub depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes_max: 64 << 20, elements_max: 1 << 20, depth_max: 32 }
    }
}
