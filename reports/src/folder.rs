//! Owns [`Folder`]: which files a run leaves behind and what they are called.
//!
//! ```text
//! <out>/report.json              every outcome of the run, for `raceproof report`
//! <out>/report.html, .md, .sarif, <out>/junit.xml  the same for others to read
//! <out>/<family>-<variant>.json  the record of one violation, for `raceproof replay`;
//! <out>/<family>-<variant>@<level>.json  of one at an isolation level;
//! <out>/<family>-<variant>@<model>.json  of one under a fault model, such as `crash` or `pause+crashx2`
//! <out>/checkpoints/<as above>.json  from where a search goes on that was ended before its end, for `run --resume`;
//! <out>/checkpoints/<as above>@<i>-of-<n>.json  of one of several engines
//! ```
//! A record stays until the same scenario is violated again at the same level and under the same model; `report.json` is replaced by every run.

use std::fs;
use std::path::{Path, PathBuf};

use raceproof::{FaultModel, Isolation, Outcome};

use crate::checkpoints::Checkpoints;
use crate::document::{Document, DocumentError};

/// What the document of a whole run is called.
pub const WHOLE_RUN: &str = "report.json";

/// Where the records of a run go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, which is made when something is written.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder of a run that was given none: `target/raceproof` in `here` if there is a `target`,
    /// else `raceproof-records`.
    #[must_use]
    pub fn default_in(here: &Path) -> Self {
        let name = if here.join("target").is_dir() { "target/raceproof" } else { "raceproof-records" };
        let path = if here == Path::new(".") { PathBuf::from(name) } else { here.join(name) };
        Self { path }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the record of a violation of the scenario called `name` goes, at a level if it ran at one, and under a
    /// fault model if that is told.
    #[must_use]
    pub fn record(&self, name: &str, isolation: Option<Isolation>, model: Option<&FaultModel>) -> PathBuf {
        self.path.join(format!("{}.json", stem(name, isolation, model)))
    }

    /// Where the checkpoints of searches go that were ended before their end.
    #[must_use]
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::at(self.path.join("checkpoints"))
    }

    /// Where the document of the whole run goes.
    #[must_use]
    pub fn whole_run(&self) -> PathBuf {
        self.path.join(WHOLE_RUN)
    }

    /// Makes the folder, so that a run that cannot keep its records fails before it starts.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn prepare(&self) -> Result<(), DocumentError> {
        fs::create_dir_all(&self.path)
            .map_err(|source| DocumentError::Unwritable { path: self.path.clone(), source })
    }

    /// Writes the record of one violation and says where.
    ///
    /// # Errors
    /// If the folder cannot be made or written to.
    pub fn write_record(&self, command: &[String], outcome: &Outcome) -> Result<PathBuf, DocumentError> {
        let path = self.record(&outcome.card.name, outcome.isolation, outcome.told_model());
        self.write(command, vec![outcome.clone()], path)
    }

    /// Writes the document of the whole run and says where.
    ///
    /// # Errors
    /// If the folder cannot be made or written to.
    pub fn write_whole_run(
        &self,
        command: &[String],
        outcomes: Vec<Outcome>,
    ) -> Result<PathBuf, DocumentError> {
        self.write(command, outcomes, self.whole_run())
    }

    fn write(
        &self,
        command: &[String],
        outcomes: Vec<Outcome>,
        path: PathBuf,
    ) -> Result<PathBuf, DocumentError> {
        self.prepare()?;
        Document::new(command.to_vec(), outcomes).write(&path)?;
        Ok(path)
    }
}

/// What the files of a scenario are called, at a level and under a fault model.
pub(crate) fn stem(name: &str, isolation: Option<Isolation>, model: Option<&FaultModel>) -> String {
    // No stem holds an `@`, so no name is taken for another one at a level; no level is called as a model is.
    let level = isolation.map_or_else(String::new, |level| format!("@{level}"));
    // A shell would take a `*` for more than it is.
    let model = model.map_or_else(String::new, |model| format!("@{model}").replace('*', "x"));
    format!("{}{level}{model}", file_stem(name))
}

/// `counter/get-set` as `counter-get-set`; whatever is not a lower-case letter, a digit or a hyphen
/// becomes `_`, so no name leads out of the folder.
fn file_stem(name: &str) -> String {
    let safe = |character: char| match character {
        '/' => '-',
        'a'..='z' | '0'..='9' | '-' => character,
        _ => '_',
    };
    name.chars().map(safe).take(FILE_STEM_CHARS_MAX).collect()
}

const FILE_STEM_CHARS_MAX: usize = 120;
