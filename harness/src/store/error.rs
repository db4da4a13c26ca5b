//! Owns the ways in which stores cannot be had; each names the way out.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why there are no stores, or why something could not be removed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Neither Docker nor local processes can be used.
    #[error("no stores can be had: {tried} (mend it with `{mend}`)")]
    NoProvider {
        /// Each provider that was tried, and why it did not do.
        tried: String,
        /// The command that mends it.
        mend: String,
    },
    /// The Docker engine cannot be used.
    #[error("the docker provider cannot be used: {reason} ({way_out} or pass `--stores local`)")]
    Docker {
        /// What is missing.
        reason: String,
        /// How to get it, with the comma or question mark before the other way out.
        way_out: String,
    },
    /// A container did not start.
    #[error("failed to start a container of `{image}` (see `docker logs`, or pass `--stores local`)")]
    Container {
        /// The image.
        image: String,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A program is not installed.
    #[error("`{program}` was found neither on PATH nor in {places} (`{mend}`)")]
    ProgramMissing {
        /// The program.
        program: &'static str,
        /// Where else it was looked for.
        places: &'static str,
        /// The command that installs it.
        mend: &'static str,
    },
    /// A program was started and failed.
    #[error("`{program}` failed: {log} (run it by hand, or pass `--stores docker`)")]
    Program {
        /// The program.
        program: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// A server did not answer a command in time.
    #[error(
        "{store} at `{address}` did not answer within {limit_ms} ms: {last} (is the machine overloaded?)"
    )]
    NotReady {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// Where it was expected.
        address: String,
        /// How long it was asked.
        limit_ms: u128,
        /// What the last attempt gave.
        last: String,
    },
    /// A server that the user names was asked once, and did not let us in.
    #[error("{store} at `{address}` cannot be used: {said} (does it run there, and is the URL right?)")]
    Unreachable {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// Where the URL says that it is.
        address: String,
        /// What the attempt gave.
        said: String,
    },
    /// A server was named by URL without the word that it may be written to.
    #[error(
        "stores named by url are written to and emptied (pass `--disposable` if nothing in them matters)"
    )]
    NotDisposable,
    /// A store is needed and no URL names it.
    #[error("the url provider needs a {store} (pass `{flag}`)")]
    UrlMissing {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// The flag that names it.
        flag: &'static str,
    },
    /// Several servers of one kind are needed.
    #[error(
        "the url provider knows one Redis, and {wanted} are needed (pass `--stores docker` or `--stores local`)"
    )]
    OnlyOne {
        /// How many are needed.
        wanted: usize,
    },
    /// A URL that cannot be used.
    #[error("`{url}` cannot be used: {reason}")]
    Url {
        /// The URL without its password.
        url: String,
        /// Why, and the way out.
        reason: String,
    },
    /// A database of a shared server that holds something.
    #[error("{store} database `{database}` is not empty, so it is not ours to use ({way_out})")]
    NotEmpty {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// The database.
        database: String,
        /// What to do instead.
        way_out: String,
    },
    /// A server said no to one of our own commands.
    #[error("{store} refused `{command}` (may this user do that?)")]
    Command {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// What we asked.
        command: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system said no.
    #[error("failed to {action} `{}` (check its permissions and the free space)", path.display())]
    Io {
        /// The verb.
        action: &'static str,
        /// Its object.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A server does not live by the clock that was asked for.
    #[error("the clock of {store} cannot be virtual: {reason} (pass `--clock auto` to take the next best)")]
    Clock {
        /// `Redis` or `PostgreSQL`.
        store: &'static str,
        /// Why not.
        reason: String,
    },
    /// A signal came while the stores were starting; what had been started is removed.
    #[error("interrupted while the stores were starting (start again)")]
    Interrupted,
    /// Something we started could not be removed.
    #[error("could not remove {} (run `raceproof doctor --clean`)", left.join(", "))]
    Removal {
        /// What is left, each with the reason.
        left: Vec<String>,
    },
}

impl StoreError {
    /// What is the matter, without the way out: for a sentence that has one of its own.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Docker { reason, .. } => reason.clone(),
            Self::ProgramMissing { program, places, .. } => {
                format!("`{program}` was found neither on PATH nor in {places}")
            }
            other => other.to_string(),
        }
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent_image() -> StoreError {
        let (reason, way_out) = ("the image `x` is absent".to_owned(), "run `docker pull x`,".to_owned());
        StoreError::Docker { reason, way_out }
    }

    /// Everything that can be done stands in one pair of brackets at the end.
    #[test]
    fn ways_out_share_one_pair_of_brackets() {
        assert_eq!(
            absent_image().to_string(),
            "the docker provider cannot be used: the image `x` is absent (run `docker pull x`, or pass `--stores local`)"
        );
    }

    /// Whoever has fallen back to local processes is not told to do so.
    #[test]
    fn reason_holds_no_way_out() {
        let program =
            StoreError::ProgramMissing { program: "redis-server", places: "/usr/bin", mend: "apt-get x" };
        for (error, kept) in [(absent_image(), "`x` is absent"), (program, "neither on PATH nor in /usr/bin")]
        {
            let reason = error.reason();
            assert!(reason.contains(kept) && !reason.contains(['(', ')']), "{reason}");
        }
        assert_eq!(StoreError::NotDisposable.reason(), StoreError::NotDisposable.to_string());
    }
}
