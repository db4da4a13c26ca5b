//! Owns the schedule of a counterexample as a text that a person can run without the harness: a shell script with one
//! block for each session of `psql` and `redis-cli`, or a spec for PostgreSQL's isolationtester.
//!
//! Whatever the system under test has sent is pasted into a shell in the end, so a text is made only of what is known to
//! mean the same to the client as it did to the store; everything else is refused with its reason.

mod act;
mod isolationtester;
mod psql;
mod redis_cli;
mod shell;

#[cfg(test)]
mod tests;

use raceproof::Outcome;
use thiserror::Error;

use crate::visible::Visible;

/// Longest transcript, in bytes.
pub const TRANSCRIPT_BYTES_MAX: usize = 256 << 10;

/// For whom the transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A script for bash that speaks through `psql` and `redis-cli`.
    #[default]
    Shell,
    /// A spec for PostgreSQL's isolationtester.
    Isolationtester,
}

/// Why there is no transcript.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Untypable(pub String);

impl Untypable {
    fn at(step: usize, why: impl std::fmt::Display) -> Self {
        Self(format!("step {step} {why}"))
    }
}

/// The transcript of the violation that `outcome` holds.
///
/// # Errors
/// If it holds none, or if something in it cannot be typed.
pub fn transcript(outcome: &Outcome, form: Form) -> Result<String, Untypable> {
    let Some(evidence) = &outcome.counterexample else {
        return Err(Untypable("there is no counterexample".to_owned()));
    };
    let text = match form {
        Form::Shell => shell::script(outcome, evidence)?,
        Form::Isolationtester => isolationtester::spec(outcome, evidence)?,
    };
    if text.len() > TRANSCRIPT_BYTES_MAX {
        return Err(Untypable(format!("it would have more than {} KiB", TRANSCRIPT_BYTES_MAX >> 10)));
    }
    Ok(text)
}

/// Whether nothing in a text is obeyed by a terminal or hidden from who reads it.
fn is_printable(text: &str) -> bool {
    text.split(['\n', '\t']).all(|line| line.chars().all(|character| !crate::visible::is_unseen(character)))
}

/// A text of the record as a comment of one line.
fn comment(text: &str) -> String {
    format!("# {}\n", Visible::of(text))
}
