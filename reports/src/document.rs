//! Owns [`Document`]: the record of a run as versioned JSON, written whole or not at all, read with
//! care. Where files go is [`crate::folder`]'s business.
//!
//! The format is API and append-only. Within version 1 no field is renamed, removed or given another
//! meaning; new fields may appear, readers ignore those that they do not know, and a field that a later
//! program added has a default where it is missing. What cannot be said that way gets a higher version,
//! which older programs refuse by name. Whole numbers are exact up to 64 bits (a seed uses all of them).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use raceproof::Outcome;
use raceproof::checkpoint::CheckpointError;
use raceproof::file::write_whole;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::story::essence;
use crate::sweep::Sweep;

/// What the field `format` of every record says.
pub const FORMAT: &str = "raceproof-record";
/// The version that this program writes, and the highest that it reads.
pub const VERSION: u64 = 1;
/// The largest file that is read.
pub const DOCUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The outcomes of a run, and how they were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format, from 1.
    pub version: u64,
    /// The version of the program that wrote it, such as `0.1.0`.
    pub program: String,
    /// The command that made it, without passwords.
    pub command: Vec<String>,
    /// When it was begun, in milliseconds since 1970 (UTC), if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_ms: Option<u64>,
    /// One for each scenario that was explored, in the order in which they ran.
    pub outcomes: Vec<Outcome>,
    /// What the outcomes come to, family by family, where scenarios ran at several levels or under several fault models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<Sweep>,
    /// What each counterexample comes to, in the order of the outcomes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub essences: Vec<Essence>,
}

/// A counterexample in one sentence, made of its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Essence {
    /// The position of its outcome, from 0.
    pub outcome: usize,
    /// Which steps must not be ordered as they were, or what must not happen between them.
    pub sentence: String,
}

impl Essence {
    fn all(outcomes: &[Outcome]) -> Vec<Self> {
        let of = |(outcome, told): (usize, &Outcome)| {
            let sentence = essence(told.counterexample.as_ref()?).to_string();
            Some(Self { outcome, sentence })
        };
        outcomes.iter().enumerate().filter_map(of).collect()
    }
}

/// Why a document could not be written or read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The file system refused.
    #[error("failed to read `{}` (does it exist? `raceproof run` prints where it writes records)", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file system refused.
    #[error("failed to write `{}` (choose another place with `--out`)", .path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no checkpoint of the search that is to go on.
    #[error("failed to go on from `{}`", .path.display())]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: CheckpointError,
    },
    /// More than [`DOCUMENT_BYTES_MAX`].
    #[error(
        "`{}` is larger than {} MiB (records are not; give the file that `raceproof run` wrote)",
        .path.display(), DOCUMENT_BYTES_MAX >> 20
    )]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// The JSON stops in the middle.
    #[error("`{}` ends in the middle of its JSON at line {line} (copied in part? run the scenario again)", .path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// Where it ends, from 1.
        line: usize,
    },
    /// Not JSON, or JSON of something else.
    #[error("`{}` is not a raceproof record: {what} (give a file that `raceproof run` wrote)", .path.display())]
    NotARecord {
        /// Which file.
        path: PathBuf,
        /// What shows it.
        what: String,
    },
    /// Written by a later program in a format that this one does not know.
    #[error(
        "`{}` has version {found} of the record format, this program reads up to {VERSION} \
         (update raceproof, or run the scenario again)",
        .path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// A record of a version that we know, with a content that we do not.
    #[error("`{}` is a damaged record (run the scenario again)", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        source: serde_json::Error,
    },
}

impl Document {
    /// A document of this program's version.
    #[must_use]
    pub fn new(command: Vec<String>, outcomes: Vec<Outcome>) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let (sweeps, essences) = (Sweep::all(&outcomes), Essence::all(&outcomes));
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program,
            command,
            begun_ms: None,
            outcomes,
            sweeps,
            essences,
        }
    }

    /// The document as indented JSON with a line end.
    ///
    /// # Errors
    /// None for documents of values that JSON knows, which outcomes are.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Writes the document to `path`: a reader sees the old file or the new one, never a part.
    ///
    /// # Errors
    /// If the folder does not exist or cannot be written to.
    pub fn write(&self, path: &Path) -> Result<(), DocumentError> {
        let text = self.to_json().map_err(io::Error::other);
        text.and_then(|text| write_whole(path, &text))
            .map_err(|source| DocumentError::Unwritable { path: path.to_owned(), source })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If the file cannot be read, is too large, is no record or one of a later version.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let unreadable = |source| DocumentError::Unreadable { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
            return Err(DocumentError::TooLarge { path: path.to_owned() });
        }
        Self::parse(&bytes, path)
    }

    /// Reads a document from the bytes of a file; `path` is only named in errors.
    ///
    /// # Errors
    /// If it is no record or one of a later version.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, DocumentError> {
        let path = path.to_owned();
        let value: Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) if error.is_eof() && !bytes.trim_ascii().is_empty() => {
                return Err(DocumentError::Truncated { path, line: error.line() });
            }
            Err(error) => return Err(DocumentError::NotARecord { path, what: format!("no JSON: {error}") }),
        };
        match check_envelope(&value) {
            Ok(version) if version > VERSION => Err(DocumentError::Newer { path, found: version }),
            Ok(_) => serde_json::from_value(value).map_err(|source| DocumentError::Damaged { path, source }),
            Err(what) => Err(DocumentError::NotARecord { path, what }),
        }
    }
}

/// The version of a record, or what shows that it is none.
fn check_envelope(value: &Value) -> Result<u64, String> {
    match value.get("format").and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(_) => return Err(format!("its `format` is not `{FORMAT}`")),
        None => return Err("it has no `format`".to_owned()),
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version > 0 => Ok(version),
        _ => Err("its `version` is no positive whole number".to_owned()),
    }
}
