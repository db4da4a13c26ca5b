//! Owns [`Limits`]: how much one judgement may cost.

use std::fmt;

/// How much one judgement may cost. The question is NP-complete, so some history always costs too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most steps of the model.
    pub steps_max: u64,
    /// Most memory for what the search has seen, in bytes; the history itself is not counted.
    pub memory_bytes_max: usize,
}

impl Default for Limits {
    /// Seconds on one core, and half a gibibyte.
    fn default() -> Self {
        Self { steps_max: 50_000_000, memory_bytes_max: 512 << 20 }
    }
}

/// The limit that ended a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// [`Limits::steps_max`], which was this.
    Steps(u64),
    /// [`Limits::memory_bytes_max`], which was this.
    Memory(usize),
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(steps_max) => write!(formatter, "not decided within {steps_max} steps of the model"),
            Self::Memory(bytes) => write!(formatter, "not decided within {} MiB of memory", bytes >> 20),
        }
    }
}
