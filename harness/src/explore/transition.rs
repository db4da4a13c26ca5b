//! Owns [`Transition`]: what a choice turned out to do, as far as the order of choices is concerned.

use std::ops::Not;

use serde::{Deserialize, Serialize};

use super::Footprint;
use crate::id::WorkerId;

/// What one choice did, seen after it.
///
/// Two transitions that do not [depend](Self::depends_on) on each other commute: from any state in which both are possible,
/// either order gives the same replies, the same content of the stores and the same verdict (Mazurkiewicz, 1977).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Transition {
    /// The worker whose choice it was, be it that it was hit by a fault; `None` if it was nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<WorkerId>,
    /// The workers whose waiting requests it answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub woken: Vec<WorkerId>,
    /// What it touched, store by store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footprints: Vec<(usize, Footprint)>,
    /// Whether nothing else can be known to commute with it.
    #[serde(skip_serializing_if = "Not::not")]
    pub is_total: bool,
    /// Whether it cannot come earlier, as nothing else is left when it is possible.
    #[serde(skip_serializing_if = "Not::not")]
    pub is_last_resort: bool,
    /// Whether it is tried wherever it is possible. It may come earlier all the same, behind what makes it possible.
    #[serde(skip_serializing_if = "Not::not")]
    pub is_everywhere: bool,
    /// Whether an operation was invoked after it.
    #[serde(skip_serializing_if = "Not::not")]
    pub invokes: bool,
    /// Whether an operation returned after it.
    #[serde(skip_serializing_if = "Not::not")]
    pub returns: bool,
    /// Whether it changed what invariants look at after every step.
    #[serde(skip_serializing_if = "Not::not")]
    pub shows: bool,
    /// Whether its worker ended with it, where what is nobody's turn may happen as long as somebody has not ended. If two
    /// workers end, then what the last step of one makes possible may happen before that of the other.
    #[serde(skip_serializing_if = "Not::not")]
    pub finishes: bool,
    /// Whether something that is nobody's turn may have been possible only because of it, though everybody had ended then.
    #[serde(skip_serializing_if = "Not::not")]
    pub enables: bool,
}

impl Transition {
    /// Whether the order of the two may matter.
    ///
    /// Operations are ordered by precedence alone: an invocation and a return do not commute, two invocations or two returns
    /// do (Herlihy and Wing, 1990).
    #[must_use]
    pub fn depends_on(&self, other: &Self) -> bool {
        self.is_total
            || other.is_total
            || self.shares_a_worker_with(other)
            || (self.invokes && other.returns)
            || (self.returns && other.invokes)
            || (self.shows && other.shows)
            || (self.finishes && other.finishes && (self.enables || other.enables))
            || self.conflicts_in_a_store_with(other)
    }

    fn workers(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.turn.into_iter().chain(self.woken.iter().copied())
    }

    fn shares_a_worker_with(&self, other: &Self) -> bool {
        self.workers().any(|worker| other.workers().any(|theirs| theirs == worker))
    }

    fn conflicts_in_a_store_with(&self, other: &Self) -> bool {
        let meets = |(store, footprint): &(usize, Footprint)| {
            let same_store = other.footprints.iter().filter(|(theirs, _)| theirs == store);
            same_store.map(|(_, theirs)| theirs).any(|theirs| footprint.conflicts_with(theirs))
        };
        self.footprints.iter().any(meets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(worker: u16) -> Transition {
        Transition { turn: Some(WorkerId(worker)), ..Transition::default() }
    }

    /// Each reason alone makes two transitions depend on each other, in both directions.
    #[test]
    fn every_reason_is_enough() {
        let everything = || vec![(0, Footprint::everything())];
        let total = Transition { is_total: true, ..Transition::default() };
        let woken = Transition { woken: vec![WorkerId(0)], ..of(1) };
        for (left, right, depend) in [
            (of(0), of(1), false),
            (of(0), of(0), true),
            (of(0), woken, true),
            (of(0), total, true),
            (Transition { invokes: true, ..of(0) }, Transition { returns: true, ..of(1) }, true),
            (Transition { returns: true, ..of(0) }, Transition { returns: true, ..of(1) }, false),
            (Transition { invokes: true, ..of(0) }, Transition { invokes: true, ..of(1) }, false),
            (Transition { shows: true, ..of(0) }, Transition { shows: true, ..of(1) }, true),
            (Transition { finishes: true, ..of(0) }, Transition { finishes: true, ..of(1) }, false),
            (
                Transition { finishes: true, enables: true, ..of(0) },
                Transition { finishes: true, ..of(1) },
                true,
            ),
            (
                Transition { footprints: everything(), ..of(0) },
                Transition { footprints: everything(), ..of(1) },
                true,
            ),
            (
                Transition { footprints: everything(), ..of(0) },
                Transition { footprints: vec![(1, Footprint::everything())], ..of(1) },
                false,
            ),
        ] {
            assert_eq!(left.depends_on(&right), depend, "{left:?} and {right:?}");
            assert_eq!(right.depends_on(&left), depend, "{right:?} and {left:?}");
        }
    }
}
