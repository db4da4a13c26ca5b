//! Owns [`Footprint`]: what a step touches of a store, told well enough to know that two steps cannot notice each other.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::octets;

/// What one step touches of one store. A step that touches nothing that another one writes, and the other way round, may
/// as well be taken after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Footprint(pub Vec<Touch>);

/// One thing that is read or written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touch {
    /// A key, a table, the locks of a table: a name that the store's own footprints agree on. `None` is the whole store.
    #[serde(default, with = "octets::as_text_or_none", skip_serializing_if = "Option::is_none")]
    pub object: Option<Bytes>,
    /// A part of the object, such as the row with this key. `None` is the whole object.
    #[serde(default, with = "octets::as_text_or_none", skip_serializing_if = "Option::is_none")]
    pub part: Option<Bytes>,
    /// Whether it is read or written.
    pub access: Access,
}

/// How something is touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It is read.
    Reads,
    /// It is written, or written depending on what is there.
    Writes,
    /// It is written in such a way, which has this name, that it does not matter in which order the same is done again (the same
    /// value is set, something is added), and the answer does not depend on what was there.
    Merges(#[serde(with = "octets::as_text")] Bytes),
}

impl Access {
    /// Writing, if it does, else reading.
    #[must_use]
    pub fn of(writes: bool) -> Self {
        if writes { Self::Writes } else { Self::Reads }
    }

    fn conflicts_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Reads, Self::Reads) => false,
            (Self::Merges(own), Self::Merges(theirs)) => own != theirs,
            _ => true,
        }
    }
}

impl Footprint {
    /// The footprint of a step of which nothing is known: it may read and write whatever there is.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Touch { object: None, part: None, access: Access::Writes }])
    }

    /// The footprint of a step that nobody else can notice and that notices nobody.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether one of the two writes what the other touches.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.0.iter().any(|touch| other.0.iter().any(|theirs| touch.conflicts_with(theirs)))
    }

    /// Touches what `other` touches, too.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort();
        self.0.dedup();
    }
}

impl Touch {
    fn conflicts_with(&self, other: &Self) -> bool {
        let overlap = |own: &Option<Bytes>, theirs: &Option<Bytes>| match (own, theirs) {
            (Some(own), Some(theirs)) => own == theirs,
            _ => true,
        };
        let meets = overlap(&self.object, &other.object)
            && (self.object.is_none() || other.object.is_none() || overlap(&self.part, &other.part));
        meets && self.access.conflicts_with(&other.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn touch(object: &'static str, part: Option<&'static str>, access: Access) -> Footprint {
        Footprint(vec![Touch { object: Some(bytes(object)), part: part.map(bytes), access }])
    }

    /// Both directions of every pair: conflict is symmetric.
    #[test]
    fn writer_conflicts_with_whoever_touches_the_same() {
        let (reads, writes) =
            (|part| touch("t", part, Access::Reads), |part| touch("t", part, Access::Writes));
        let merges = |name| touch("t", Some("1"), Access::Merges(bytes(name)));
        for (left, right, conflict) in [
            (reads(None), reads(None), false),
            (reads(None), writes(None), true),
            (reads(None), writes(Some("1")), true),
            (reads(Some("1")), writes(Some("1")), true),
            (writes(Some("1")), writes(Some("2")), false),
            (writes(None), touch("u", None, Access::Writes), false),
            (merges("=1"), merges("=1"), false),
            (merges("=1"), merges("=2"), true),
            (merges("=1"), reads(Some("1")), true),
            (merges("=1"), writes(None), true),
            (Footprint::everything(), touch("u", Some("1"), Access::Reads), true),
            (Footprint::everything(), Footprint::nothing(), false),
        ] {
            assert_eq!(left.conflicts_with(&right), conflict, "{left:?} and {right:?}");
            assert_eq!(right.conflicts_with(&left), conflict, "{right:?} and {left:?}");
        }
    }
}
