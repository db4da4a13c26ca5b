//! Owns [`Telling`]: outcomes as lines for people, one by one while they come and together at the end.

use raceproof::Outcome;
use raceproof_reports::terminal::{OutcomeLine, full, shortened, sweeps, totals};
use raceproof_reports::{Mark, Story, Style};

use super::args::Loudness;

/// How outcomes are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    /// In which style.
    pub(super) style: Style,
    /// How much.
    pub(super) loudness: Loudness,
    /// Whether every violation is a surprise.
    pub(super) is_strict_pass: bool,
    /// How wide names are at most.
    pub(super) name_columns: usize,
    /// Whether there is one outcome only.
    pub(super) is_alone: bool,
}

impl Telling {
    /// One outcome; surprises, and one that is alone, in full with their violation. `command` shows it again.
    pub(super) fn outcome(&self, outcome: &Outcome, command: Option<&str>) -> String {
        let Self { style, is_strict_pass, name_columns, .. } = *self;
        let is_as_expected = Mark::of(outcome, is_strict_pass).is_as_expected();
        if self.loudness.quiet && is_as_expected {
            return String::new();
        }
        let line = OutcomeLine { outcome, name_columns, is_strict_pass }.draw(&style);
        let Some(story) = Story::of(outcome, command) else { return line };
        if !is_as_expected || self.loudness.verbose || self.is_alone {
            format!("{line}\n{}\n", full(&story, &style))
        } else {
            line + &shortened(&story, &style)
        }
    }

    /// What all come to.
    pub(super) fn end(&self, outcomes: &[Outcome]) -> String {
        totals(outcomes, self.is_strict_pass, &self.style) + &sweeps(outcomes, &self.style)
    }
}
