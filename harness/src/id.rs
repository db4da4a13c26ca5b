//! Owns the names of workers and of their connections; how they are scheduled is [`crate::choice`]'s.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One worker of a run, counted from 0 and shown as a letter: `A`, `B` … `Z`, then `W26`, `W27` …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct WorkerId(pub u16);

impl WorkerId {
    /// The position of this worker, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.0) {
            Ok(small) if small < 26 => write!(formatter, "{}", char::from(b'A' + small)),
            _ => write!(formatter, "W{}", self.0),
        }
    }
}

impl From<WorkerId> for String {
    fn from(worker: WorkerId) -> Self {
        worker.to_string()
    }
}

impl TryFrom<String> for WorkerId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

/// A text that names no worker.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` names no worker (workers are `A` to `Z`, then `W26`, `W27` …)")]
pub struct IdError(pub String);

impl FromStr for WorkerId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refused = || IdError(text.to_owned());
        match text.as_bytes() {
            [letter @ b'A'..=b'Z'] => Ok(Self(u16::from(letter - b'A'))),
            [b'W', digits @ ..] if digits.first().is_some_and(|digit| matches!(digit, b'1'..=b'9')) => {
                let number: u16 = text[1..].parse().map_err(|_| refused())?;
                if number < 26 { Err(refused()) } else { Ok(Self(number)) }
            }
            _ => Err(refused()),
        }
    }
}

/// One connection of one worker, counted from 0 in the order in which the worker opened them in
/// this execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectionId {
    /// Whose connection it is.
    pub worker: WorkerId,
    /// Which of the worker's connections, from 0.
    pub ordinal: u16,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            0 => write!(formatter, "{}", self.worker),
            ordinal => write!(formatter, "{}.{ordinal}", self.worker),
        }
    }
}

impl FromStr for ConnectionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((worker, ordinal)) = text.split_once('.') else {
            return Ok(Self { worker: text.parse()?, ordinal: 0 });
        };
        match ordinal.parse() {
            Ok(ordinal) if ordinal > 0 && !text.contains('+') => {
                Ok(Self { worker: worker.parse()?, ordinal })
            }
            _ => Err(IdError(text.to_owned())),
        }
    }
}

/// A short name that is copied freely: a store (`redis`, `redis-2`) or an error code (`LOADING`, `40001`). Letters,
/// digits and hyphens, 1 to 15 of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct Word {
    bytes: [u8; 15],
    length: u8,
}

impl Word {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("only ASCII was let in")
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.to_string()
    }
}

impl TryFrom<String> for Word {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl FromStr for Word {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let mut bytes = [0; 15];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) if is_allowed && length > 0 => {
                place.copy_from_slice(text.as_bytes());
                Ok(Self { bytes, length })
            }
            _ => Err(IdError(text.to_owned())),
        }
    }
}
