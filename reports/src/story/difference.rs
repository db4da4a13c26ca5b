//! Owns [`Difference`]: in what the closest execution that passes differs from one that violates. How that is told is
//! left to others.

use std::ops::Range;

use raceproof::history::Trace;
use raceproof::outcome::Passing;
use raceproof::{Choice, Schedule};

/// The one change that makes the violating execution pass; steps are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// The steps of `first` come behind those of `second`, which follow them, and nothing else is changed.
    Moved { first: Range<usize>, second: Range<usize> },
    /// The fault, the split or the passing of time at this step does not happen.
    LeftOut(usize),
    /// This step is another one.
    Instead(usize),
    /// It ends before this step.
    Ends(usize),
    /// It goes on behind its last step.
    GoesOn,
}

impl Difference {
    /// What differs in `passing` from `violating`.
    pub(super) fn between(violating: &Trace, passing: &Passing) -> Self {
        let (bad, good) = (&violating.schedule, &passing.trace.schedule);
        // A record may have been edited by hand.
        let at = passing.differs_at.saturating_sub(1).min(bad.0.len()).min(good.0.len());
        if let Some((first, second)) = moved(&bad.0, &good.0, at) {
            return Self::Moved { first, second };
        }
        match (bad.0.get(at), passing.trace.steps.get(at)) {
            (Some(choice), _) if is_left_out(*choice, bad, good) => Self::LeftOut(at),
            (Some(_), Some(_)) => Self::Instead(at),
            (Some(_), None) => Self::Ends(at),
            (None, _) => Self::GoesOn,
        }
    }
}

/// The two blocks of which the second comes first in `good`, where nothing else is changed.
fn moved(bad: &[Choice], good: &[Choice], at: usize) -> Option<(Range<usize>, Range<usize>)> {
    let shared = bad.len().min(good.len());
    // Behind the end of the violation anything may follow.
    let is_rest_same = |end: usize| bad[end..shared] == good[end..shared] && good.len() >= bad.len();
    let rotation = |end: usize| {
        let mut turned = bad[at..end].to_vec();
        (1..end - at).find(|_| {
            turned.rotate_left(1);
            turned == good[at..end]
        })
    };
    let found = (at + 2..=shared).filter(|end| is_rest_same(*end));
    let (end, later) = found.filter_map(|end| Some((end, rotation(end)?))).next()?;
    Some((at..at + later, at + later..end))
}

/// Whether this choice of `bad` is a fault, a split or a passing of time of which `good` has fewer.
fn is_left_out(choice: Choice, bad: &Schedule, good: &Schedule) -> bool {
    match choice {
        Choice::Split(_) => good.splits() < bad.splits(),
        Choice::Advance => good.advances() < bad.advances(),
        _ => choice.fault().is_some() && good.faults() < bad.faults(),
    }
}
