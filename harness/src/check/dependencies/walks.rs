//! Owns [`Walks`]: which walks through a graph a question is about.

use super::cycle::Dependency;
use super::graph::{Arc, Graph};

/// Walks along arcs of some kinds, and perhaps never along two anti-dependencies in a row.
///
/// The latter is told by doubling the places: a node can be arrived at by an anti-dependency or not. So a cycle of places is a closed
/// walk in which no two anti-dependencies follow each other (Cerone and Gotsman, "Analysing Snapshot Isolation", 2016).
#[derive(Debug, Clone, Copy)]
pub(super) struct Walks {
    kinds: u8,
    is_apart: bool,
}

impl Walks {
    pub(super) fn along(kinds: &[Dependency]) -> Self {
        Self { kinds: bits(kinds), is_apart: false }
    }

    /// The same, but anti-dependencies only apart from each other.
    pub(super) fn apart(self) -> Self {
        Self { is_apart: true, ..self }
    }

    /// How many places there are.
    pub(super) fn places(self, graph: &Graph) -> u32 {
        graph.nodes() * (1 + u32::from(self.is_apart))
    }

    pub(super) fn node(self, place: u32) -> u32 {
        if self.is_apart { place / 2 } else { place }
    }

    /// Where `arc` leads to from `place`, if one may walk there.
    pub(super) fn step(self, place: u32, arc: &Arc) -> Option<u32> {
        if self.kinds & bits(&[arc.why]) == 0 {
            return None;
        }
        if !self.is_apart {
            return Some(arc.to);
        }
        let is_anti = arc.why.is_anti();
        (!is_anti || place.is_multiple_of(2)).then_some(2 * arc.to + u32::from(is_anti))
    }

    /// The place at `node` from which one may go on along any arc.
    pub(super) fn open(self, node: u32) -> u32 {
        if self.is_apart { 2 * node } else { node }
    }
}

fn bits(kinds: &[Dependency]) -> u8 {
    kinds.iter().map(|kind| 1 << (*kind as u8)).sum()
}
