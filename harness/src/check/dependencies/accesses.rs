//! Owns [`Access`] and the cycle among the units of work that were seen to make them, in the order in which they were executed.

use std::collections::BTreeMap;

use super::cycle::{Cycle, Dependency, Link, Member};
use super::graph::{Arc, Graph};
use super::number;
use super::search::{cycles, members};

/// One thing that was read or written, exactly: what may have been touched is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whose unit of work did it, as a place in the list of units; `None` if it was nobody's, such as the passing of time: then nothing that came
    /// before at this object says anything about what comes after.
    pub unit: Option<usize>,
    /// What: a key, a row.
    pub object: String,
    /// Whether it was written.
    pub writes: bool,
    /// What the object held afterwards, as text; empty if nothing or if it is not known.
    pub value: String,
    /// The step, from 1.
    pub step: usize,
}

/// The gravest and shortest cycle of `units` whose `accesses` were made in this order; `None` if they have a serial order as far as is known.
///
/// Versions are ordered as they were written, so nothing is inferred: each dependency was seen to happen (Adya's direct serialization graph,
/// with units of work for transactions).
#[must_use]
pub fn cycle_of(units: &[Member], accesses: &[Access]) -> Option<Cycle> {
    let arcs = arcs(accesses);
    let graph = Graph::of(units.len(), 0, |take| arcs.iter().for_each(|(from, arc)| take(*from, *arc)));
    let found = cycles(&graph).into_iter().next()?;
    let arcs = members(&graph, &found);
    let link = |(_, number): &(u32, u32)| {
        let arc = graph.arc(*number);
        let [first, second] = [arc.before, arc.after].map(|access| &accesses[access as usize]);
        // What was written is told by whoever reads it.
        let before = if arc.why == Dependency::Reads { String::new() } else { first.value.clone() };
        let steps = Some((first.step, second.step));
        Link { dependency: arc.why, object: first.object.clone(), before, after: second.value.clone(), steps }
    };
    Some(Cycle {
        anomaly: found.anomaly,
        members: arcs.iter().map(|(unit, _)| units[*unit as usize].clone()).collect(),
        links: arcs.iter().map(link).collect(),
    })
}

/// What is known of one object: its last write, and who has read since.
#[derive(Debug, Default)]
struct Known {
    written: Option<(u32, u32)>,
    read: Vec<(u32, u32)>,
}

/// Dependencies between units, as unit and arc; what an arc says of before and after are places in `accesses`.
fn arcs(accesses: &[Access]) -> Vec<(u32, Arc)> {
    let mut objects: BTreeMap<&str, Known> = BTreeMap::new();
    let mut arcs = Vec::new();
    for (place, access) in accesses.iter().enumerate() {
        let (after, known) = (number(place), objects.entry(&access.object).or_default());
        let Some(to) = access.unit.map(number) else {
            *known = Known::default();
            continue;
        };
        let mut depends = |on: &(u32, u32), why| arcs.push((on.0, Arc { to, why, before: on.1, after }));
        if access.writes {
            known.written.iter().for_each(|on| depends(on, Dependency::Writes));
            known.read.iter().for_each(|on| depends(on, Dependency::Overwrites));
            *known = Known { written: Some((to, after)), read: Vec::new() };
        } else {
            known.written.iter().for_each(|on| depends(on, Dependency::Reads));
            known.read.push((to, after));
        }
    }
    arcs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::dependencies::Anomaly;

    /// Each access is written as its unit, `r` or `w`, and the object: `0r x`; `-w x` is nobody's.
    fn cycle(accesses: &[&str]) -> Option<Cycle> {
        let unit = |name: &str| Member { name: name.to_owned(), did: String::new() };
        let access = |(place, text): (usize, &&str)| Access {
            unit: text[..1].parse().ok(),
            object: text[3..].to_owned(),
            writes: &text[1..2] == "w",
            value: String::new(),
            step: place + 1,
        };
        let accesses: Vec<Access> = accesses.iter().enumerate().map(access).collect();
        cycle_of(&[unit("A"), unit("B")], &accesses)
    }

    /// The order of steps is all that differs between what is found and its twin.
    #[test]
    fn interleaved_updates_are_a_cycle_and_consecutive_ones_are_none() {
        let lost = cycle(&["0r x", "1r x", "0w x", "1w x"]).expect("each read before the other wrote");
        assert_eq!((lost.anomaly, lost.words()), (Anomaly::GSingle, "a lost update"));
        assert_eq!(
            lost.sentence(),
            "B read `x` before A wrote to it (rw, steps 2 and 3); A wrote to `x` before B wrote to it (ww, steps 3 and 4); so B \
             must come before itself: a lost update (G-single)"
        );
        assert_eq!(cycle(&["0r x", "0w x", "1r x", "1w x"]), None);
    }

    /// Two objects, each read before the other writes it.
    #[test]
    fn write_skew_is_told_as_such() {
        let skew = cycle(&["0r x", "1r y", "0w y", "1w x"]).expect("neither saw the other");
        assert_eq!(skew.anomaly, Anomaly::G2Item);
        assert_eq!(cycle(&["0r x", "0w y", "1r y", "1w x"]), None);
    }

    /// What expired in between was nobody's doing, and what is read behind it says nothing about who wrote before.
    #[test]
    fn what_nobody_did_ends_what_is_known() {
        assert!(cycle(&["0w x", "1r x", "1w y", "0r y"]).is_some());
        assert_eq!(cycle(&["0w x", "-w x", "1r x", "1w y", "0r y"]), None);
    }
}
