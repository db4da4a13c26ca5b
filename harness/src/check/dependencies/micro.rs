//! Owns [`Micro`] and [`MicroList`]: what one transaction does to keys, and how it is written down.

use std::fmt;

use super::notation::{self, NotationError};

/// One read or write of one key. A key is either a list or a register in one history, never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Micro {
    /// `[:append x 1]`: a value goes to the end of a list. No two appends of one value to one key.
    Append(String, i64),
    /// `[:w x 1]`: a register gets a value. No two writes of one value to one key.
    Write(String, i64),
    /// `[:r x [1 2]]`, `[:r x 1]` or `[:r x nil]`: what was read; `nil` is the initial state (an empty list), and in a transaction
    /// that has not committed also "not known".
    Read(String, Option<Seen>),
}

/// What a read returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A whole list, the oldest value first.
    List(Vec<i64>),
    /// The value of a register.
    Value(i64),
}

impl Micro {
    /// `value` goes to the end of the list under `key`.
    #[must_use]
    pub fn append(key: impl Into<String>, value: i64) -> Self {
        Self::Append(key.into(), value)
    }

    /// The register under `key` gets `value`.
    #[must_use]
    pub fn write(key: impl Into<String>, value: i64) -> Self {
        Self::Write(key.into(), value)
    }

    /// `key` is to be read; nothing is known of the answer yet.
    #[must_use]
    pub fn read(key: impl Into<String>) -> Self {
        Self::Read(key.into(), None)
    }

    /// The list under `key` was read, and is this.
    #[must_use]
    pub fn list(key: impl Into<String>, seen: impl Into<Vec<i64>>) -> Self {
        Self::Read(key.into(), Some(Seen::List(seen.into())))
    }

    /// The register under `key` was read, and holds this; `None` is its initial state.
    #[must_use]
    pub fn value(key: impl Into<String>, seen: Option<i64>) -> Self {
        Self::Read(key.into(), seen.map(Seen::Value))
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Append(key, _) | Self::Write(key, _) | Self::Read(key, _) => key,
        }
    }
}

/// What one transaction does, in order, in Elle's notation: `[[:append x 1] [:r y [1 2]]]`.
///
/// ```
/// use raceproof::check::{Micro, MicroList};
///
/// let done: MicroList = "[[:append x 1] [:r y [1 2]]]".parse()?;
/// assert_eq!(done.0, [Micro::append("x", 1), Micro::list("y", [1, 2])]);
/// assert_eq!(done.to_string(), "[[:append x 1] [:r y [1 2]]]");
/// # Ok::<(), raceproof::check::NotationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MicroList(pub Vec<Micro>);

impl fmt::Display for Micro {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append(key, value) => write!(formatter, "[:append {key} {value}]"),
            Self::Write(key, value) => write!(formatter, "[:w {key} {value}]"),
            Self::Read(key, None) => write!(formatter, "[:r {key} nil]"),
            Self::Read(key, Some(seen)) => write!(formatter, "[:r {key} {seen}]"),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(formatter, "{value}"),
            Self::List(values) => {
                let words: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(formatter, "[{}]", words.join(" "))
            }
        }
    }
}

impl fmt::Display for MicroList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(formatter, "[{}]", words.join(" "))
    }
}

impl std::str::FromStr for MicroList {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        notation::micros(text).map(Self)
    }
}
