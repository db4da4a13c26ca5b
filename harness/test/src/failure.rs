//! Owns [`Failure`]: why a race does not pass.

use std::error::Error as StdError;
use std::path::PathBuf;

use raceproof::Outcome;
use raceproof::run::RegressionFolderError;
use raceproof_reports::DocumentError;
use thiserror::Error;

use crate::settings::SettingError;

/// Why a race does not pass. [`told`](Self::told) is the text with which [`Race::check`](crate::Race::check) panics.
#[derive(Debug, Error)]
pub enum Failure {
    /// The code has broken a promise.
    #[error("{}", .0.story)]
    Violation(Box<Violated>),
    /// It cannot be said whether the promises hold.
    #[error("{story}")]
    Inconclusive {
        /// What the search came to.
        outcome: Box<Outcome>,
        /// What is told of it.
        story: String,
    },
    /// A record was replayed instead of searching.
    #[error("{story}")]
    Replayed {
        /// How often the recorded violation showed again.
        reproduced: u32,
        /// What is told of it.
        story: String,
    },
    /// Nobody takes part.
    #[error("the race has no workers (add some with `.workers(2, async |worker| …)`)")]
    NoWorkers,
    /// It has no stores.
    #[error("the race has no stores (add `.redis()` or `.postgres()`)")]
    NoStores,
    /// The environment has a variable that makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The stores could not be started, or the set-up failed.
    #[error(transparent)]
    Engine(#[from] raceproof::Error),
    /// A record could not be read or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Kept schedules could not be read.
    #[error(transparent)]
    Regressions(#[from] RegressionFolderError),
}

/// A violation, and what was written about it.
#[derive(Debug)]
pub struct Violated {
    /// What the search came to.
    pub outcome: Outcome,
    /// The violation told step by step, with the seed, the command that replays it, and where the files are.
    pub story: String,
    /// The record; `None` if it could not be written, which the story says.
    pub record: Option<PathBuf>,
    /// The record as a page.
    pub page: Option<PathBuf>,
}

impl Failure {
    /// The whole text: an error with its causes, a violation with its story.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let told = error.to_string();
            // Many errors tell their cause themselves.
            if !text.contains(&told) {
                text += &format!(": {told}");
            }
            cause = error.source();
        }
        text
    }

    /// What the search came to, if there was one.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Violation(violated) => Some(&violated.outcome),
            Self::Inconclusive { outcome, .. } => Some(outcome),
            _ => None,
        }
    }
}
