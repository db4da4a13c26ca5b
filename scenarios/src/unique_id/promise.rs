//! Owns what every variant promises.

use std::collections::BTreeSet;

use raceproof::{Invariant, View};

/// The operation of whoever takes an id.
pub(super) const TAKE: &str = "take-id";

/// No two are told the same id.
pub(super) fn no_id_twice() -> Invariant {
    Invariant::new("no id is given twice", |view: &View<'_>| {
        let mut seen = BTreeSet::new();
        let twice = view.results(TAKE).into_iter().find(|id| !seen.insert(*id));
        twice.map_or(Ok(()), |id| Err(format!("id {id} was given twice")))
    })
}
