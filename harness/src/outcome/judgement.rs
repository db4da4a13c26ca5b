//! Owns [`Judgement`]: what the scenario's card makes of an outcome.

use serde::{Deserialize, Serialize};

use super::{Outcome, Stopped};
use crate::card::Expectation;
use crate::verdict::Verdict;

/// How a verdict compares with what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// A broken variant was caught, or a correct one passed.
    AsExpected,
    /// Nothing can be said, also because not one of the faults happened that could have.
    Inconclusive,
    /// The user ended the search before it had found anything.
    Interrupted,
    /// The card says nothing about this isolation level or fault model, or needs requests to be split and they were not, or
    /// what was not seen in this part of a search may be in another.
    Unjudged,
    /// A broken variant passed.
    MissedBug,
    /// A correct variant was flagged.
    FalseAlarm,
    /// Code of which nobody has said that it is right has broken a promise.
    Broken,
}

impl Outcome {
    /// Whether the verdict is the one that the scenario's card expects. A violation stays one whatever ended the
    /// search; a pass of a search that the user ended says nothing.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        let is_broken = self.expected().map(Expectation::is_violation);
        match (&self.verdict, is_broken) {
            (Verdict::Pass, _) if self.coverage.stopped == Stopped::Interrupted => Judgement::Interrupted,
            (Verdict::Inconclusive(_), _) => Judgement::Inconclusive,
            (Verdict::Pass, _) if !self.coverage.missing.is_empty() => Judgement::Inconclusive,
            (Verdict::Pass, _) if self.is_for_the_whole_to_say() => Judgement::Unjudged,
            (Verdict::Pass, _) if self.saw_no_fault() => Judgement::Inconclusive,
            (Verdict::Violation(_) | Verdict::Pass, None) => Judgement::Unjudged,
            (Verdict::Violation(_), Some(true)) | (Verdict::Pass, Some(false)) => Judgement::AsExpected,
            (Verdict::Pass, Some(true)) if self.is_beyond_the_model() => Judgement::Unjudged,
            (Verdict::Pass, Some(true)) => Judgement::MissedBug,
            (Verdict::Violation(_), Some(false)) if self.card.unproven => Judgement::Broken,
            (Verdict::Violation(_), Some(false)) => Judgement::FalseAlarm,
        }
    }

    /// Whether faults were allowed and not one happened, be it that the stores cannot have any: then the search says
    /// nothing about them.
    #[must_use]
    pub fn saw_no_fault(&self) -> bool {
        self.model.breaks() && self.coverage.faults.is_empty()
    }

    /// Whether this is a part of a search, and what it did not see may be in another part.
    #[must_use]
    pub fn is_for_the_whole_to_say(&self) -> bool {
        let is_broken = self.expected().is_some_and(Expectation::is_violation);
        let is_open = self.verdict == Verdict::Pass && (is_broken || self.saw_no_fault());
        is_open && self.coverage.shard.is_some()
    }

    /// Whether the violation that the card expects lies within single requests, which this search took for atomic.
    fn is_beyond_the_model(&self) -> bool {
        self.card.needs_splits && self.coverage.splits_max == Some(0)
    }
}
