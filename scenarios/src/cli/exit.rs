//! Owns the exit code: the only place where outcomes and failures become one.

use raceproof::Outcome;
use raceproof::outcome::Judgement;
use raceproof_reports::Mark;

/// How the program ends; the codes are API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything came out as the scenarios' cards expect.
    AsExpected,
    /// Something could not be judged.
    Inconclusive,
    /// A bug was missed, a correct variant was flagged, or, if every scenario must pass, any violation.
    Surprise,
    /// The environment failed us: a store could not be started, a file not be written.
    Environment,
    /// The arguments make no sense.
    Usage,
    /// A signal ended it.
    Interrupted(i32),
}

/// The codes as the help text tells them.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0        as expected: broken variants were caught, correct ones showed no violation
  1        a surprise: a missed bug or a false alarm; with --strict-pass, any violation
  2        usage: arguments, patterns or files that make no sense
  3        inconclusive: something could not be judged, a record no longer reproduces
  4        environment: a store or a program could not be started, a file could not be written
  128+n    interrupted by signal n";

/// The codes of `raceproof check`.
pub(super) const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0        every history is as the model demands
  1        one is not
  2        usage: arguments or files that make no sense
  3        undecided: a limit was met";

/// The codes of `raceproof report`.
pub(super) const REPORT_EXIT_CODES: &str = "\
Exit codes:
  0        the report was made, whatever it tells
  2        usage: arguments or files that make no sense
  4        environment: a file could not be written, no browser could be opened";

/// The codes of `raceproof serve`.
pub(super) const SERVE_EXIT_CODES: &str = "\
Exit codes:
  2        usage: arguments that make no sense, a folder that cannot be read
  4        environment: the port is taken, no browser could be opened
  128+n    ended by signal n, as is usual: 130 after Ctrl-C, 143 after SIGTERM";

impl Exit {
    /// What one outcome amounts to.
    pub(super) fn of(outcome: &Outcome, strict_pass: bool) -> Self {
        match Mark::of(outcome, strict_pass) {
            Mark::Judged(Judgement::AsExpected | Judgement::Unjudged) => Self::AsExpected,
            Mark::Judged(Judgement::Inconclusive | Judgement::Interrupted) => Self::Inconclusive,
            Mark::Judged(Judgement::MissedBug | Judgement::FalseAlarm | Judgement::Broken)
            | Mark::Refused => Self::Surprise,
        }
    }

    /// What several outcomes amount to: the gravest of them.
    pub(super) fn of_all(outcomes: &[Outcome], strict_pass: bool) -> Self {
        let each = outcomes.iter().map(|outcome| Self::of(outcome, strict_pass));
        each.fold(Self::AsExpected, Self::merge)
    }

    /// The graver of two ends; of two equally grave ones the first.
    pub(super) fn merge(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// The number that the shell sees.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Surprise => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Environment => 4,
            Self::Interrupted(signal) => {
                u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))
            }
        }
    }

    /// A run that is not whole outranks what it found so far: its outcomes are not all there.
    fn rank(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Inconclusive => 1,
            Self::Surprise => 2,
            Self::Environment => 3,
            Self::Usage => 4,
            Self::Interrupted(_) => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fake;

    const ALL: [Exit; 6] = [
        Exit::AsExpected,
        Exit::Inconclusive,
        Exit::Surprise,
        Exit::Environment,
        Exit::Usage,
        Exit::Interrupted(2),
    ];

    /// All judgements, each with and without the demand that everything passes.
    #[test]
    fn outcome_becomes_the_documented_exit() {
        let table = [
            (fake::caught("a/a"), Exit::AsExpected, Exit::Surprise),
            (fake::passed("a/a"), Exit::AsExpected, Exit::AsExpected),
            (fake::missed("a/a"), Exit::Surprise, Exit::Surprise),
            (fake::flagged("a/a"), Exit::Surprise, Exit::Surprise),
            (fake::unsure("a/a"), Exit::Inconclusive, Exit::Inconclusive),
            (fake::interrupted("a/a"), Exit::Inconclusive, Exit::Inconclusive),
        ];
        for (outcome, plain, strict) in table {
            assert_eq!(Exit::of(&outcome, false), plain, "{:?}", outcome.verdict);
            assert_eq!(Exit::of(&outcome, true), strict, "{:?}", outcome.verdict);
        }
    }

    /// All pairs: the graver one stays, in either order.
    #[test]
    fn graver_exit_wins() {
        for first in ALL {
            for second in ALL {
                assert_eq!(first.merge(second).rank(), first.rank().max(second.rank()));
            }
        }
    }

    #[test]
    fn surprise_among_inconclusive_outcomes_is_a_surprise() {
        let outcomes = [fake::unsure("a/a"), fake::missed("a/b"), fake::passed("a/c")];
        assert_eq!(Exit::of_all(&outcomes, false), Exit::Surprise);
        assert_eq!(Exit::of_all(&outcomes[..1], false), Exit::Inconclusive);
        assert_eq!(Exit::of_all(&[], false), Exit::AsExpected);
    }

    #[test]
    fn codes_are_those_of_the_help_text() {
        assert_eq!(ALL.map(Exit::code), [0, 3, 1, 4, 2, 130]);
        assert_eq!(Exit::Interrupted(15).code(), 143);
        assert_eq!(Exit::Interrupted(-1).code(), 255);
    }
}
