//! Owns [`RegressionFolder`]: the regressions of a folder, one file for each, and what a search changes about them. Which are
//! retried is the business of the search.
//!
//! ```text
//! tests/schedules/<family>-<variant>-<digest>.regression.json
//! ```
//! The files are meant to be committed. What else lies in the folder is left alone. A file may be renamed, and one that is no
//! longer wanted deleted.

use std::fs;
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::digest::Digest;
use crate::file::write_whole;
use crate::outcome::Outcome;
use crate::regression::{Fate, Regression, RegressionError, Stale};

/// How the names of the files end.
const SUFFIX: &str = ".regression.json";
/// Most characters of a scenario's name in the name of a file.
const STEM_CHARS_MAX: usize = 100;

/// The regressions of a folder.
///
/// ```no_run
/// # fn example(mut engine: raceproof::run::Engine, scenario: std::sync::Arc<dyn raceproof::Scenario>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use raceproof::Plan;
/// use raceproof::run::RegressionFolder;
///
/// let mut folder = RegressionFolder::open("tests/schedules")?;
/// let plan = Plan { regressions: folder.regressions(), ..Plan::default() };
/// let outcome = engine.explore(&scenario, &plan, &mut |_progress| {})?;
/// folder.settle(&outcome)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct RegressionFolder {
    path: PathBuf,
    /// In the order of their names.
    kept: Vec<Kept>,
    newer: Vec<PathBuf>,
}

/// A regression and its file.
#[derive(Debug, Clone)]
struct Kept {
    path: PathBuf,
    regression: Regression,
}

/// What settling changed about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// A new violation is kept in this file.
    Added(PathBuf),
    /// The schedule in this file violates again, with other requests than before: they replace the old ones.
    Renewed(PathBuf),
    /// The schedule in this file no longer fits, which the file now says.
    MarkedStale(PathBuf, Stale),
    /// The schedule in this file fits again, so the mark is gone.
    Unmarked(PathBuf),
}

/// Why a folder of regressions cannot be used.
#[derive(Debug, Error)]
pub enum RegressionFolderError {
    /// The file system refused.
    #[error("failed to read `{}` (choose another folder with `--regressions`, or pass `--no-regressions`)", .path.display())]
    Unreadable {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file system refused.
    #[error("failed to write `{}` (choose another folder with `--regressions`, or pass `--no-regressions`)", .path.display())]
    Unwritable {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is no regression.
    #[error("`{}` cannot be retried (bring it back from version control, or delete it)", .path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: RegressionError,
    },
}

impl RegressionFolder {
    /// Reads the regressions of the folder at `path`. One that does not exist is empty, and is made when something is kept.
    ///
    /// # Errors
    /// If it cannot be read, or holds a file that is no regression. Files of a later version are left alone.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RegressionFolderError> {
        let mut folder = Self { path: path.into(), kept: Vec::new(), newer: Vec::new() };
        for path in files(&folder.path)? {
            match Self::read(&path) {
                Ok(regression) => folder.kept.push(Kept { path, regression }),
                Err(RegressionFolderError::Refused { source: RegressionError::Newer { .. }, path }) => {
                    folder.newer.push(path);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(folder)
    }

    /// Where the regressions of a package lie: `tests/schedules` in `here`, if there is such a folder.
    #[must_use]
    pub fn default_in(here: &Path) -> Option<PathBuf> {
        let name = "tests/schedules";
        let path = if here == Path::new(".") { PathBuf::from(name) } else { here.join(name) };
        path.is_dir().then_some(path)
    }

    /// Reads one file.
    ///
    /// # Errors
    /// If it cannot be read or is no regression.
    pub fn read(path: &Path) -> Result<Regression, RegressionFolderError> {
        let text = fs::read_to_string(path)
            .map_err(|source| RegressionFolderError::Unreadable { path: path.to_owned(), source })?;
        Regression::parse(&text)
            .map_err(|source| RegressionFolderError::Refused { path: path.to_owned(), source })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All regressions, in the order of their files' names.
    #[must_use]
    pub fn regressions(&self) -> Vec<Regression> {
        self.kept.iter().map(|kept| kept.regression.clone()).collect()
    }

    /// The files of a later version, which are neither retried nor changed.
    #[must_use]
    pub fn newer(&self) -> &[PathBuf] {
        &self.newer
    }

    /// Writes what `outcome` has shown: which schedules no longer fit, which fit again, and its violation, unless that is kept
    /// already.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn settle(&mut self, outcome: &Outcome) -> Result<Vec<Settled>, RegressionFolderError> {
        let mut settled = Vec::new();
        for retried in &outcome.regressions {
            let stale = match &retried.fate {
                Fate::Stale { stale, .. } => Some(stale.clone()),
                Fate::Reproduced | Fate::Fixed { .. } => None,
                Fate::Unsure { .. } => continue,
            };
            settled.extend(self.mark(&retried.regression, stale)?);
        }
        if let Some(found) = outcome.regression() {
            settled.extend(self.keep(found)?);
        }
        Ok(settled)
    }

    /// The first path for a file of this name that holds no other regression: somebody may have edited one.
    fn free(&self, name: &str) -> PathBuf {
        let path = |number: usize| match number {
            1 => self.path.join(format!("{name}{SUFFIX}")),
            more => self.path.join(format!("{name}-{more}{SUFFIX}")),
        };
        let is_free = |path: &PathBuf| !self.kept.iter().any(|kept| kept.path == *path);
        (1..).map(path).find(is_free).expect("there are more numbers than files")
    }

    /// Marks `regression` as stale or not, if it is not marked so already.
    fn mark(
        &mut self,
        regression: &Regression,
        stale: Option<Stale>,
    ) -> Result<Option<Settled>, RegressionFolderError> {
        let Some(kept) = self.kept.iter_mut().find(|kept| kept.regression == *regression) else {
            return Ok(None);
        };
        if kept.regression.stale == stale {
            return Ok(None);
        }
        kept.regression.stale.clone_from(&stale);
        kept.write()?;
        let path = kept.path.clone();
        Ok(Some(match stale {
            Some(stale) => Settled::MarkedStale(path, stale),
            None => Settled::Unmarked(path),
        }))
    }

    fn keep(&mut self, found: Regression) -> Result<Option<Settled>, RegressionFolderError> {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.regression.is_same_as(&found)) {
            if kept.regression.stale.is_none() {
                return Ok(None);
            }
            kept.regression = found;
            kept.write()?;
            return Ok(Some(Settled::Renewed(kept.path.clone())));
        }
        let path = self.free(&file_name(&found));
        // A later program has made a file of the same violation, or another run has a moment ago.
        if path.exists() {
            return Ok(None);
        }
        fs::create_dir_all(&self.path)
            .map_err(|source| RegressionFolderError::Unwritable { path: self.path.clone(), source })?;
        let kept = Kept { path: path.clone(), regression: found };
        kept.write()?;
        self.kept.push(kept);
        Ok(Some(Settled::Added(path)))
    }
}

impl Kept {
    fn write(&self) -> Result<(), RegressionFolderError> {
        write_whole(&self.path, &self.regression.text())
            .map_err(|source| RegressionFolderError::Unwritable { path: self.path.clone(), source })
    }
}

/// The files of regressions in a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, RegressionFolderError> {
    let unreadable = |source| RegressionFolderError::Unreadable { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The name of a file without its end: the same violation always gets the same, so that two branches which find it agree.
fn file_name(regression: &Regression) -> String {
    let mut digest = Digest::default();
    regression.identity().iter().for_each(|part| digest.write(part.as_bytes()));
    let safe = |character: char| match character {
        '/' => '-',
        'a'..='z' | '0'..='9' | '-' => character,
        _ => '_',
    };
    let stem: String = regression.scenario.chars().take(STEM_CHARS_MAX).map(safe).collect();
    format!("{stem}-{}", digest.text())
}

#[cfg(test)]
mod tests;
