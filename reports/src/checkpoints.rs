//! Owns [`Checkpoints`]: the files from which searches go on that were ended before their end. What they hold is
//! [`Checkpoint`]'s business, and which of them are wanted that of the program.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use raceproof::checkpoint::{CheckpointError, CheckpointHead, SearchIdentity};
use raceproof::file::write_whole_with;
use raceproof::{Checkpoint, FaultModel, Isolation, Shard};

use crate::document::DocumentError;
use crate::folder::stem;

/// Where the checkpoints of a run go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Those in `folder`, which is made when one is written.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where that of a search of the scenario called `name` goes, at a level if it ran at one, and under a fault model if
    /// that is told; of the `part` of it that one of several engines makes, if there are several.
    #[must_use]
    pub fn path(
        &self,
        name: &str,
        isolation: Option<Isolation>,
        model: Option<&FaultModel>,
        part: Option<Shard>,
    ) -> PathBuf {
        let part = part.map_or_else(String::new, |part| format!("@{}-of-{}", part.index() + 1, part.count()));
        self.folder.join(format!("{}{part}.json", stem(name, isolation, model)))
    }

    /// Whether the one at `path`, if there is one, is of `search`; reads no more than its begin.
    ///
    /// # Errors
    /// It is of another search, or none.
    pub fn check(&self, path: &Path, search: &SearchIdentity) -> Result<(), DocumentError> {
        let Some(mut file) = open(path)? else { return Ok(()) };
        CheckpointHead::read(&mut file).and_then(|head| head.check(search)).map_err(refused(path))
    }

    /// The one at `path`, if there is one; it is of `search`.
    ///
    /// # Errors
    /// It is of another search, damaged, or none.
    pub fn read(&self, path: &Path, search: &SearchIdentity) -> Result<Option<Checkpoint>, DocumentError> {
        let Some(mut file) = open(path)? else { return Ok(None) };
        let checkpoint = Checkpoint::read(&mut file).map_err(refused(path))?;
        checkpoint.head().check(search).map_err(refused(path))?;
        Ok(Some(checkpoint))
    }

    /// Writes one whole or not at all.
    ///
    /// # Errors
    /// If the folder cannot be made or written to.
    pub fn write(&self, path: &Path, checkpoint: &Checkpoint) -> Result<(), DocumentError> {
        fs::create_dir_all(&self.folder)
            .and_then(|()| write_whole_with(path, |file| checkpoint.write(file)))
            .map_err(unwritable(path))
    }

    /// Sees to it that there is none at `path`.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<(), DocumentError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path)(error)),
            _ => Ok(()),
        }
    }
}

fn open(path: &Path) -> Result<Option<BufReader<File>>, DocumentError> {
    match File::open(path) {
        Ok(file) => Ok(Some(BufReader::new(file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(path)(CheckpointError::Unreadable(error))),
    }
}

fn refused(path: &Path) -> impl FnOnce(CheckpointError) -> DocumentError {
    move |source| DocumentError::Checkpoint { path: path.to_owned(), source }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> DocumentError {
    move |source| DocumentError::Unwritable { path: path.to_owned(), source }
}
