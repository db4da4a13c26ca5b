//! Owns [`Mark`]: what an outcome counts as for whoever reads the run. The judgement is the outcome's own; only
//! `--strict-pass` adds something to it.

use raceproof::Outcome;
use raceproof::outcome::Judgement;

/// What an outcome counts as, the least grave first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// What its card makes of it.
    Judged(Judgement),
    /// A violation as its card expects, in a run that accepts none (`--strict-pass`).
    Refused,
}

impl Mark {
    /// The mark of an outcome, in a run that accepts expected violations or none.
    #[must_use]
    pub fn of(outcome: &Outcome, is_strict_pass: bool) -> Self {
        match outcome.judgement() {
            Judgement::AsExpected if is_strict_pass && outcome.verdict.violation().is_some() => Self::Refused,
            judgement => Self::Judged(judgement),
        }
    }

    /// Whether there is nothing to look into.
    #[must_use]
    pub fn is_as_expected(self) -> bool {
        self == Self::Judged(Judgement::AsExpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Only a violation that was expected is refused; a pass stays one, and a false alarm has a name of its own.
    #[test]
    fn strict_pass_refuses_expected_violations_only() {
        assert!(Mark::of(&samples::caught(), false).is_as_expected());
        assert_eq!(Mark::of(&samples::caught(), true), Mark::Refused);
        for outcome in [samples::correct(), samples::missed(), samples::eventful(), samples::inconclusive()] {
            assert_eq!(Mark::of(&outcome, true), Mark::Judged(outcome.judgement()));
        }
    }
}
