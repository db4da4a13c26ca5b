//! Owns [`Shortest`]: the search for the shortest way from one place of a component to another.

use std::collections::VecDeque;

use super::components::Components;
use super::graph::Graph;
use super::versions::NONE;
use super::walks::Walks;

/// A breadth-first search that can be made many times: what it has noted is not cleared but outdated.
pub(super) struct Shortest<'a> {
    graph: &'a Graph,
    components: &'a Components,
    /// In which search each place was met last, counted from 1.
    met: Vec<u32>,
    /// From which place, along which arc.
    came: Vec<(u32, u32)>,
    searches: u32,
    /// Arcs that may still be looked at.
    pub(super) arcs_left: usize,
}

impl<'a> Shortest<'a> {
    /// `components` are those along the same or more arcs; all searches together look at about `arcs_max` arcs.
    pub(super) fn new(graph: &'a Graph, components: &'a Components, places: u32, arcs_max: usize) -> Self {
        let (met, came) = (vec![0; places as usize], vec![(NONE, NONE); places as usize]);
        Self { graph, components, met, came, searches: 0, arcs_left: arcs_max }
    }

    /// Numbers of the arcs on a shortest walk from one place to another of the same component that has fewer than `length`;
    /// `None` if there is none, or it was not found with the arcs that were left. `is_within` says which places belong to it.
    pub(super) fn way(
        &mut self,
        walks: Walks,
        from: u32,
        to: u32,
        length: usize,
        is_within: impl Fn(&Components, u32) -> bool,
    ) -> Option<Vec<u32>> {
        self.searches += 1;
        let mut queue = VecDeque::from([(from, 0)]);
        self.met[from as usize] = self.searches;
        while let Some((place, steps)) = queue.pop_front() {
            if place == to {
                return Some(self.back(from, to));
            }
            if steps + 1 >= length {
                continue;
            }
            let arcs = self.graph.from(walks.node(place));
            if self.arcs_left < arcs.len() {
                self.arcs_left = 0;
                return None;
            }
            self.arcs_left -= arcs.len();
            for number in arcs {
                let Some(next) = walks.step(place, self.graph.arc(number)) else { continue };
                if self.met[next as usize] != self.searches && is_within(self.components, next) {
                    self.met[next as usize] = self.searches;
                    self.came[next as usize] = (place, number);
                    queue.push_back((next, steps + 1));
                }
            }
        }
        None
    }

    fn back(&self, from: u32, to: u32) -> Vec<u32> {
        let mut arcs = Vec::new();
        let mut place = to;
        while place != from {
            let (before, arc) = self.came[place as usize];
            arcs.push(arc);
            place = before;
        }
        arcs.reverse();
        arcs
    }
}
