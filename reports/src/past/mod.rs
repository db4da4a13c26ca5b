//! Owns [`PastRun`]: a run of which the record is still there, as far as it is compared with others; and what changed from one to the
//! next ([`Change`]). Finding and serving them is the program's business.

mod change;
mod page;

use std::collections::BTreeMap;

use raceproof::Outcome;
use raceproof::outcome::Judgement;

pub use change::{Change, changes};
pub use page::past_page;

use crate::document::Document;
use crate::wording;

/// One run of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// What it is called: the folder of its record.
    pub name: String,
    /// When it was begun, or its record written, in milliseconds since 1970.
    pub moment_ms: u64,
    /// What it found, or why its record cannot be read.
    pub found: Result<Vec<Finding>, String>,
}

/// What one search of a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The scenario, with its level and its model where these are told.
    pub name: String,
    /// `pass`, `inconclusive` or `violation`.
    pub verdict: &'static str,
    /// What that is to whoever expected something.
    pub judgement: Judgement,
    /// How much was looked at, in words.
    pub coverage: String,
    /// Executions that the search has made.
    pub schedules: u64,
    /// Whether that were all there are.
    pub exhausted: bool,
    /// Which of them was the first to violate.
    pub first_violation: Option<u64>,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
}

impl PastRun {
    /// A run with this record, which was written at `written_ms`.
    #[must_use]
    pub fn of(name: String, document: &Document, written_ms: u64) -> Self {
        let moment_ms = document.begun_ms.unwrap_or(written_ms);
        Self { name, moment_ms, found: Ok(document.outcomes.iter().map(Finding::of).collect()) }
    }

    /// What it found, by name; the last one of several with one name.
    fn by_name(&self) -> BTreeMap<&str, &Finding> {
        let findings = self.found.iter().flatten();
        findings.map(|finding| (finding.name.as_str(), finding)).collect()
    }
}

impl Finding {
    fn of(outcome: &Outcome) -> Self {
        let coverage = &outcome.coverage;
        Self {
            name: wording::name(outcome),
            verdict: outcome.verdict.word(),
            judgement: outcome.judgement(),
            coverage: wording::coverage(outcome),
            schedules: coverage.schedules,
            exhausted: coverage.exhausted,
            first_violation: coverage.first_violation,
            elapsed_us: coverage.elapsed_us,
        }
    }
}
