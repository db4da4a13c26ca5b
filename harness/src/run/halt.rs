//! Owns [`Halt`]: why an execution could not be run to its end, and which verdict that gives.

use crate::error::Error;
use crate::gate::GateError;
use crate::verdict::Inconclusive;

/// Why an execution stops before its end.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Nothing can be said about it.
    Inconclusive(Inconclusive),
    /// The machine was too slow to do what was chosen; the execution is to be tried again.
    Unforced(String),
    /// The strategy expected something else here.
    Mismatch(String),
    /// Nothing more can be run at all.
    Error(Error),
}

impl From<GateError> for Halt {
    fn from(error: GateError) -> Self {
        let what = chain(&error);
        match error {
            GateError::Unsupported { .. } | GateError::ClientBytes { .. } => {
                Self::Inconclusive(Inconclusive::Unsupported { what })
            }
            GateError::BlockedByStranger { .. } => {
                Self::Inconclusive(Inconclusive::BlockedByStranger { what })
            }
            GateError::Unforced { .. } => Self::Unforced(what),
            GateError::ServerBytes { .. } | GateError::StoreClosed { .. } | GateError::Store(_) => {
                Self::Inconclusive(Inconclusive::StoreLost { what })
            }
            GateError::NoSuchStore(_) | GateError::Listen(_) => Self::Error(Error::Gate(error)),
        }
    }
}

/// An error and its sources in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}

/// Why nothing can be said.
pub(crate) fn reason(halt: Halt) -> Inconclusive {
    match halt {
        Halt::Inconclusive(reason) => reason,
        other => Inconclusive::StoreLost { what: format!("{other:?}") },
    }
}
