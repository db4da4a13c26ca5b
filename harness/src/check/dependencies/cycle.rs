//! Owns [`Cycle`]: transactions each of which must come before the next, and the last before the first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::anomaly::Anomaly;

/// Why one transaction must come before another in every serial order (Adya's direct dependencies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Dependency {
    /// ww: the second wrote the next version of what the first had written.
    Writes,
    /// wr: the second read what the first had written.
    Reads,
    /// rw, an anti-dependency: the second wrote the next version of what the first had read.
    Overwrites,
    /// rw about what a condition selected: the second wrote something that belongs to what the first had selected.
    ChangesSelection,
    /// Both are of one process, which made the first before the second.
    Process,
    /// The first had ended before the second began.
    RealTime,
}

impl Dependency {
    /// The short name in the literature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writes => "ww",
            Self::Reads => "wr",
            Self::Overwrites => "rw",
            Self::ChangesSelection => "predicate rw",
            Self::Process => "process",
            Self::RealTime => "realtime",
        }
    }

    /// Whether it is an anti-dependency: the first did not see what the second wrote.
    #[must_use]
    pub const fn is_anti(self) -> bool {
        matches!(self, Self::Overwrites | Self::ChangesSelection)
    }
}

/// One transaction of a cycle, or one operation of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// What it is called in the history.
    pub name: String,
    /// What it did, in its own notation.
    pub did: String,
}

/// One dependency of a cycle, from the member in the same place to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Link {
    /// Why.
    pub dependency: Dependency,
    /// What both touched; empty where nothing is (`Process`, `RealTime`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// What the first read or wrote there, as text; empty if that says nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// What the second read or wrote there; empty if that says nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// The steps of both, from 1, where the gate saw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<(usize, usize)>,
}

/// Transactions that no serial order can contain. It displays as a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cycle {
    /// What such a cycle is called.
    pub anomaly: Anomaly,
    /// Who takes part, in the order of the cycle.
    pub members: Vec<Member>,
    /// As many as members: each leads from its member to the next, the last to the first.
    pub links: Vec<Link>,
}

impl Cycle {
    /// What a back-end engineer calls it: the anomaly's words, or those of a special case that has a name of its own.
    #[must_use]
    pub fn words(&self) -> &'static str {
        let is_one_object = self.links.iter().all(|link| link.object == self.links[0].object);
        let has = |dependency| self.links.iter().any(|link| link.dependency == dependency);
        let anti = self.links.iter().filter(|link| link.dependency.is_anti()).count();
        let is_pair = self.links.len() == 2;
        match self.anomaly {
            Anomaly::GSingle if is_pair && is_one_object && has(Dependency::Writes) => "a lost update",
            Anomaly::GSingle if is_pair && is_one_object && has(Dependency::Reads) => "a non-repeatable read",
            Anomaly::G2Item if anti == self.links.len() && is_pair && is_one_object => "a lost update",
            Anomaly::G2Item if anti < self.links.len() => "a read-only transaction's or longer write skew",
            anomaly => anomaly.words(),
        }
    }

    /// The cycle in one sentence without a full stop: `T1 … before T2 …; so T1 must come before itself: a lost update`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let first = &self.members[0].name;
        let (told, words) = (self.clauses().join("; "), self.words());
        format!("{told}; so {first} must come before itself: {words} ({})", self.anomaly)
    }

    /// Why each member must come before the next, one clause for each link.
    #[must_use]
    pub fn clauses(&self) -> Vec<String> {
        self.links.iter().enumerate().map(|(place, link)| self.clause(place, link)).collect()
    }

    /// Whether it closes: a record may have been edited by hand.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.members.is_empty() && self.members.len() == self.links.len()
    }

    fn clause(&self, place: usize, link: &Link) -> String {
        let name = |place: usize| self.members[place % self.members.len()].name.as_str();
        let (one, other) = (name(place), name(place + 1));
        let steps = |text: String| match link.steps {
            Some((first, second)) => format!("{text}, steps {first} and {second}"),
            None => text,
        };
        let (object, label) = (&link.object, steps(link.dependency.name().to_owned()));
        let as_value = |text: &str| if text.is_empty() { String::new() } else { format!(" as {text}") };
        let wrote = |text: &str| if text.is_empty() { "wrote".to_owned() } else { format!("wrote {text}") };
        let (before, after) = (link.before.as_str(), link.after.as_str());
        match link.dependency {
            Dependency::Writes => {
                let (first, second) = (wrote(before), wrote(after));
                format!("{one} {first} to `{object}` before {other} {second} to it ({label})")
            }
            Dependency::Reads => {
                format!("{other} read `{object}`{}, which {one} had written ({label})", as_value(after))
            }
            Dependency::Overwrites => {
                let (seen, written) = (as_value(before), wrote(after));
                format!("{one} read `{object}`{seen} before {other} {written} to it ({label})")
            }
            Dependency::ChangesSelection => {
                let (seen, written) = (as_value(before), wrote(after));
                format!("{one} selected from `{object}`{seen} before {other} {written} there ({label})")
            }
            Dependency::Process => format!("{one} came before {other} in one process ({label})"),
            Dependency::RealTime => format!("{one} had ended before {other} began ({label})"),
        }
    }
}

impl fmt::Display for Cycle {
    /// A paragraph after the manner of Elle's: who takes part, what orders them, and the contradiction.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Let:")?;
        for (place, member) in self.members.iter().enumerate() {
            writeln!(formatter, "  T{} = {}: {}", place + 1, member.name, member.did)?;
        }
        writeln!(formatter, "Then:")?;
        let count = self.members.len();
        for (place, link) in self.links.iter().enumerate() {
            let (however, end) =
                if place + 1 == count { ("however, ", ": a contradiction, ") } else { ("", ".") };
            let next = (place + 1) % count + 1;
            let clause = self.clause(place, link);
            write!(formatter, "  - {however}T{} comes before T{next}, because {clause}{end}", place + 1)?;
            if place + 1 == count {
                write!(formatter, "{} ({}).", self.words(), self.anomaly)?;
            } else {
                writeln!(formatter)?;
            }
        }
        Ok(())
    }
}
