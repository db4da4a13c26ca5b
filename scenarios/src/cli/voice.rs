//! Owns [`Voice`]: what stdout gets of a run, while it goes on and at its end, in the format that was asked for.

use std::hash::{BuildHasher, Hasher, RandomState};

use raceproof::Outcome;
use raceproof_reports::Cases;
use raceproof_reports::github::{annotations, without_commands};

use super::args::Format;
use super::failure::Failure;
use super::output::Output;
use super::reports::Report;
use super::step_summary;
use super::telling::Telling;

/// How stdout is written to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    /// How people are told.
    pub(super) telling: Telling,
    /// What was asked for.
    pub(super) format: Format,
}

impl Voice {
    /// Tells one outcome, if outcomes are told while they come.
    pub(super) fn tell(&self, outcome: &Outcome, command: Option<&str>, output: &mut Output) {
        if self.is_for_people() {
            self.say(&self.telling.outcome(outcome, command), output);
        }
    }

    /// Tells what all come to.
    pub(super) fn end(&self, cases: &Cases<'_>, output: &mut Output) -> Result<(), Failure> {
        if self.is_for_people() {
            self.say(&self.telling.end(&cases.document.outcomes), output);
        }
        let report = match self.format {
            Format::Human => return Ok(()),
            Format::Github => {
                output.result(&annotations(cases));
                return step_summary::append(cases);
            }
            Format::Json => Report::Json,
            Format::Junit => Report::Junit,
            Format::Sarif => Report::Sarif,
            Format::Markdown => Report::Markdown,
        };
        output.result(&report.of(cases)?);
        Ok(())
    }

    fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Human | Format::Github)
    }

    fn say(&self, text: &str, output: &mut Output) {
        match self.format {
            Format::Github if !text.is_empty() => output.result(&without_commands(text, &token())),
            _ => output.result(text),
        }
    }
}

/// A word that the system under test cannot know. It is no part of the run, so it does not come from its seed.
fn token() -> String {
    format!("raceproof-{:016x}", RandomState::new().build_hasher().finish())
}
