//! Owns [`Passed`]: what a pass is worth.

use std::fmt;

use raceproof::Outcome;
use raceproof_reports::Style;
use raceproof_reports::terminal::OutcomeLine;
use raceproof_reports::visible::columns;
use raceproof_reports::wording;

/// A race in which no promise was broken. Its text says in how many schedules, whether these were all, and under which model.
#[derive(Debug)]
pub struct Passed {
    /// What the search came to.
    pub outcome: Outcome,
}

impl fmt::Display for Passed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&line(&self.outcome))
    }
}

/// What a search came to, and how much it looked at.
pub(crate) fn line(outcome: &Outcome) -> String {
    let name_columns = columns(&wording::name(outcome));
    OutcomeLine { outcome, name_columns, is_strict_pass: false }.draw(&Style::plain())
}
