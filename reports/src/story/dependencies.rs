//! Owns [`Dependencies`]: why no serial order explains what happened, as who must come before whom.

use raceproof::check::{Cycle, Link};

use crate::visible::Visible;

/// Most members of a cycle that are told one by one.
const MEMBERS_MAX: usize = 24;

/// Units of work each of which must come before the next, and the last before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependencies {
    /// What a back-end engineer calls it, and its name in the literature.
    pub anomaly: Visible,
    /// Who takes part, in the order of the cycle.
    pub members: Vec<Member>,
}

/// One unit of work, and why it must come before the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Visible,
    /// What it did.
    pub did: Visible,
    /// The kind of the dependency and what it is about, in short.
    pub label: Visible,
    /// The steps of both.
    pub steps: Option<(usize, usize)>,
    /// Why, as a clause.
    pub because: Visible,
}

impl Dependencies {
    /// The cycle, if it closes and is short enough to be told.
    pub(super) fn of(cycle: &Cycle) -> Option<Self> {
        if !cycle.is_whole() || cycle.members.len() > MEMBERS_MAX {
            return None;
        }
        let label = |link: &Link| match link.object.as_str() {
            "" => link.dependency.name().to_owned(),
            object => format!("{} on {object}", link.dependency.name()),
        };
        let told = cycle.members.iter().zip(&cycle.links).zip(cycle.clauses());
        let member = |((member, link), clause): ((&raceproof::check::Member, &Link), String)| Member {
            name: Visible::of(&member.name),
            did: Visible::of(&member.did),
            label: Visible::of(&label(link)),
            steps: link.steps,
            because: Visible::of(&clause),
        };
        let anomaly = Visible::of(&format!("{} ({})", cycle.words(), cycle.anomaly));
        Some(Self { anomaly, members: told.map(member).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn cycle() -> Cycle {
        samples::caught().counterexample.and_then(|evidence| evidence.cycle).expect("a cycle")
    }

    #[test]
    fn each_member_says_why_it_comes_before_the_next() {
        let told = Dependencies::of(&cycle()).expect("it closes");
        assert_eq!(told.anomaly.as_str(), "a lost update (G-single)");
        let [first, second] = &told.members[..] else { panic!("{told:?}") };
        assert_eq!(
            (first.name.as_str(), first.label.as_str(), first.steps),
            ("B", "rw on counter", Some((2, 3)))
        );
        assert_eq!((second.name.as_str(), second.label.as_str()), ("A", "ww on counter"));
        assert!(second.because.as_str().starts_with("A wrote 1 to `counter` before B wrote 1 to it"));
    }

    /// A record may have been edited by hand.
    #[test]
    fn cycle_that_does_not_close_is_not_told() {
        let mut cycle = cycle();
        cycle.links.pop();
        assert_eq!(Dependencies::of(&cycle), None);
        (cycle.links, cycle.members) = (Vec::new(), Vec::new());
        assert_eq!(Dependencies::of(&cycle), None);
    }
}
