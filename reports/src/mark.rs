//! Owns [`Mark`]: what an outcome counts as for whoever reads the run. The judgement is the outcome's own; only
//! `--strict-pass` adds something to it.

use raceproof::Outcome;
use raceproof::outcome::Judgement;

/// What an outcome counts as, the least grave first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// What its card makes of it.
    Judged(Judgement),
    /// A violation that its card expects, or says nothing about, in a run that accepts none (`--strict-pass`).
    Refused,
}

impl Mark {
    /// The mark of an outcome, in a run that accepts expected violations or none.
    #[must_use]
    pub fn of(outcome: &Outcome, is_strict_pass: bool) -> Self {
        match outcome.judgement() {
            Judgement::AsExpected | Judgement::Unjudged
                if is_strict_pass && outcome.verdict.violation().is_some() =>
            {
                Self::Refused
            }
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

    /// A run that accepts no violation accepts none of which the card says nothing either; a pass is left alone.
    #[test]
    fn strict_pass_refuses_violations_that_are_not_judged() {
        let mut outcome = samples::split();
        outcome.isolation = Some(raceproof::Isolation::Serializable);
        assert_eq!(Mark::of(&outcome, false), Mark::Judged(Judgement::Unjudged));
        assert_eq!(Mark::of(&outcome, true), Mark::Refused);
        assert_eq!(Mark::of(&samples::atomic(), true), Mark::Judged(Judgement::Unjudged));
    }

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
