//! Owns [`FileError`]: what is wrong with a scenario file, and where in it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why there is no scenario in a file.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("failed to read the scenario file `{}`", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in it makes no sense.
    #[error(transparent)]
    Flaw(#[from] Flaw),
}

/// Something at one place of a scenario file that makes no sense, or that a store or the system refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {what}")]
pub struct Flaw {
    /// Where.
    pub place: Place,
    /// What.
    pub what: String,
}

/// A place in a file; lines and columns (in characters) count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: Arc<Path>,
    line: usize,
    column: usize,
}

impl Place {
    /// The place of the byte at `offset` in `text`, which is that of `file`.
    #[must_use]
    pub fn of(file: &Arc<Path>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { file: Arc::clone(file), line, column }
    }

    /// What is wrong here.
    #[must_use]
    pub fn flaw(&self, what: impl Into<String>) -> Flaw {
        Flaw { place: self.clone(), what: what.into() }
    }
}

impl fmt::Display for Place {
    /// `race.toml:3:7`, as editors and terminals understand it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_counts_lines_and_characters_from_one() {
        let file: Arc<Path> = Path::new("race.toml").into();
        let text = "a\nüb = 1\n";
        assert_eq!(Place::of(&file, text, 0).to_string(), "race.toml:1:1");
        assert_eq!(Place::of(&file, text, text.find('b').unwrap()).to_string(), "race.toml:2:2");
        assert_eq!(Place::of(&file, text, 99).to_string(), "race.toml:3:1");
    }
}
