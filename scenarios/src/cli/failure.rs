//! Owns [`Failure`]: why a command could not do its work, and which exit code that is.

use std::io;
use std::path::PathBuf;

use raceproof::check::linearizability::Misfit;
use raceproof::check::reading::ReadError;
use raceproof::run::RegressionFolderError;
use raceproof_reports::junit::JunitError;
use raceproof_reports::redactor::RedactionError;
use raceproof_reports::{DocumentError, Visible};
use thiserror::Error;

use super::exit::Exit;
use super::pattern::PatternError;
use super::request::RequestError;
use crate::file::{FileError, Flaw};

/// Why a command could not do its work.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Isolation(#[from] raceproof::isolation::IsolationError),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Regressions(#[from] RegressionFolderError),
    #[error("`{}` is a kept schedule and no record, so it is followed as far as it fits (pass `--guided`)", .path.display())]
    NotGuided { path: PathBuf },
    #[error(transparent)]
    Engine(#[from] raceproof::Error),
    #[error(transparent)]
    Stores(#[from] raceproof::store::StoreError),
    #[error(transparent)]
    Merge(#[from] raceproof::outcome::MergeError),
    #[error("`{}` was written by raceproof {found}, and `{}` by {wanted} (merge what one version made)", .path.display(), .first.display())]
    OtherVersion { path: PathBuf, found: Visible, first: PathBuf, wanted: Visible },
    #[error("the catalogue of this program is empty (give it scenarios)")]
    EmptyCatalogue,
    #[error("`{}` holds no violation, so there is nothing to replay (`raceproof report` shows what it holds)", .path.display())]
    NothingToReplay { path: PathBuf },
    #[error("`{}` holds violations of bursts only, which cannot be replayed (`raceproof run --strategy dfs` searches for a schedule that can)", .path.display())]
    BurstsToReplay { path: PathBuf },
    #[error("`{}` holds several violations (name one, with `--isolation` if it ran at several levels and `--under` if under several models: {names})", .path.display())]
    SeveralToReplay { path: PathBuf, names: String },
    #[error("`{}` holds no violation of `{name}` (it holds: {names})", .path.display())]
    NoSuchViolation { path: PathBuf, name: Visible, names: String },
    #[error(
        "`{name}` is no scenario of this program, which the record was made of (replay it with the program that made it, or pass its scenario file with `-c`)"
    )]
    UnknownScenario { name: Visible },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("two scenario files are called `{name}` (give one of them another `name`)")]
    SameName { name: Visible },
    #[error("`{}` is there and stays as it is (name another file)", .path.display())]
    AlreadyThere { path: PathBuf },
    #[error("failed to write `{}`", .path.display())]
    FileUnwritable { path: PathBuf, source: io::Error },
    #[error("the program `{name}` is not there (write a path, or a name that is on `PATH`)")]
    NoSuchCommand { name: Visible },
    #[error("failed to read `{}`", .path.display())]
    HistoryUnreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is no history that can be read: {error}", .path.display())]
    History { path: PathBuf, error: ReadError },
    #[error("`{}` does not fit the model: {misfit} (choose another `--model`)", .path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error("`--model {model}` needs {what}")]
    Needs { model: String, what: &'static str },
    #[error("failed to write `{name}` as a transcript: {source} (`raceproof replay` shows it)")]
    Transcript { name: Visible, source: raceproof_reports::transcript::Untypable },
    #[error("failed to listen for signals")]
    Signals(#[source] io::Error),
    #[error("failed to make the page")]
    Page(#[source] raceproof_reports::html::PageError),
    #[error("failed to write `{}` (choose another place with `--out`)", .path.display())]
    PageUnwritable { path: PathBuf, source: io::Error },
    #[error("failed to make the XML")]
    Junit(#[from] JunitError),
    #[error(transparent)]
    Redaction(#[from] RedactionError),
    #[error("operations in `{}` were redacted, so they cannot be done again (search anew with `--seed {seed}`)", .path.display())]
    OperationsRedacted { path: PathBuf, seed: u64 },
    #[error(
        "a search that goes on may leave a checkpoint, which would hold what is to be redacted (leave `--resume` or `--redact` away)"
    )]
    ResumedAndRedacted,
    #[error("`--open` shows a page, and this is none (leave `--format` and `--out -` away)")]
    NothingToOpen,
    #[error("failed to open a browser (is one installed? the page is `{page}`)")]
    NoBrowser { page: String, source: io::Error },
    #[error("failed to read the folder `{}` (give one with runs: `raceproof run --out DIR/NAME`)", .path.display())]
    RunsUnreadable { path: PathBuf, source: io::Error },
    #[error("failed to listen on port {port} of loopback (choose another with `--port`, or 0 for any)")]
    Port { port: u16, source: io::Error },
    #[error("failed to write the summary to `{}`, which $GITHUB_STEP_SUMMARY names", .path.display())]
    SummaryUnwritable { path: PathBuf, source: io::Error },
    #[error("failed to make the JSON of the document")]
    Json(#[source] serde_json::Error),
}

impl Failure {
    /// How the program ends because of it.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Engine(raceproof::Error::Checkpoint(_)) => Exit::Usage,
            Self::Engine(
                raceproof::Error::SetUp { source, .. } | raceproof::Error::Inspection { source, .. },
            ) if source.is::<Flaw>() => Exit::Usage,
            Self::Document(DocumentError::Unwritable { .. })
            | Self::Regressions(RegressionFolderError::Unwritable { .. })
            | Self::Engine(_)
            | Self::Stores(_)
            | Self::Signals(_)
            | Self::Page(_)
            | Self::PageUnwritable { .. }
            | Self::FileUnwritable { .. }
            | Self::Junit(_)
            | Self::NoBrowser { .. }
            | Self::Port { .. }
            | Self::SummaryUnwritable { .. }
            | Self::Json(_) => Exit::Environment,
            Self::Pattern(_)
            | Self::Request(_)
            | Self::Isolation(_)
            | Self::Redaction(_)
            | Self::OperationsRedacted { .. }
            | Self::NothingToOpen
            | Self::ResumedAndRedacted
            | Self::RunsUnreadable { .. }
            | Self::Document(_)
            | Self::Merge(_)
            | Self::OtherVersion { .. }
            | Self::Regressions(_)
            | Self::NotGuided { .. }
            | Self::EmptyCatalogue
            | Self::File(_)
            | Self::SameName { .. }
            | Self::AlreadyThere { .. }
            | Self::NoSuchCommand { .. }
            | Self::HistoryUnreadable { .. }
            | Self::History { .. }
            | Self::Misfit { .. }
            | Self::Needs { .. }
            | Self::NothingToReplay { .. }
            | Self::Transcript { .. }
            | Self::BurstsToReplay { .. }
            | Self::SeveralToReplay { .. }
            | Self::NoSuchViolation { .. }
            | Self::UnknownScenario { .. } => Exit::Usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the user can put right by typing something else is usage; the rest is the environment.
    #[test]
    fn failures_end_with_the_documented_codes() {
        let path = PathBuf::from("x");
        let error = || io::Error::other("full");
        let unreadable = DocumentError::Unreadable { path: path.clone(), source: error() };
        let unwritable = DocumentError::Unwritable { path: path.clone(), source: error() };
        assert_eq!(Failure::from(unreadable).exit(), Exit::Usage);
        assert_eq!(Failure::from(unwritable).exit(), Exit::Environment);
        assert_eq!(Failure::from(raceproof::Error::Runtime(error())).exit(), Exit::Environment);
        let refused = RegressionFolderError::Unreadable { path: path.clone(), source: error() };
        let full = RegressionFolderError::Unwritable { path, source: error() };
        assert_eq!(
            (Failure::from(refused).exit(), Failure::from(full).exit()),
            (Exit::Usage, Exit::Environment)
        );
        let damaged = raceproof::checkpoint::CheckpointError::Damaged(error().into());
        assert_eq!(Failure::from(raceproof::Error::from(damaged)).exit(), Exit::Usage);
        assert_eq!(Failure::from(RequestError::NotDisposable).exit(), Exit::Usage);
    }
}
