//! Owns [`Components`]: the places of a graph from which one can walk in a circle.

use super::graph::Graph;
use super::number;
use super::versions::NONE;
use super::walks::Walks;

/// Strongly connected components of more than one place.
#[derive(Debug)]
pub(super) struct Components {
    /// The component of each place; `NONE` for places that are on no cycle.
    of: Vec<u32>,
    /// The places of each component, in order.
    pub(super) members: Vec<Vec<u32>>,
}

/// Where the search is.
struct Search {
    /// When a place was first seen, from 1; 0 if it was not.
    seen: Vec<u32>,
    /// The earliest place that was seen and can be reached; `NONE` when its component is known.
    low: Vec<u32>,
    /// Places whose component is not known yet.
    open: Vec<u32>,
    /// The way to here: places, and the next arc of each.
    way: Vec<(u32, u32)>,
    clock: u32,
}

impl Components {
    /// Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) with a stack of its own, among the nodes of
    /// which `within` is true.
    pub(super) fn of(graph: &Graph, walks: Walks, within: impl Fn(u32) -> bool) -> Self {
        let places = walks.places(graph) as usize;
        let mut components = Self { of: vec![NONE; places], members: Vec::new() };
        let mut search = Search {
            seen: vec![0; places],
            low: vec![0; places],
            open: Vec::new(),
            way: Vec::new(),
            clock: 0,
        };
        for root in 0..number(places) {
            if search.seen[root as usize] == 0 && within(walks.node(root)) {
                search.enter(root, graph, walks);
                while search.is_under_way() {
                    search.advance(graph, walks, &within, &mut components);
                }
            }
        }
        components
    }

    /// The component of a place, if it is on a cycle.
    pub(super) fn at(&self, place: u32) -> Option<u32> {
        Some(self.of[place as usize]).filter(|component| *component != NONE)
    }
}

impl Search {
    fn is_under_way(&self) -> bool {
        !self.way.is_empty()
    }

    fn enter(&mut self, place: u32, graph: &Graph, walks: Walks) {
        self.clock += 1;
        self.seen[place as usize] = self.clock;
        self.low[place as usize] = self.clock;
        self.open.push(place);
        self.way.push((place, graph.from(walks.node(place)).start));
    }

    /// Looks at the next arc of the place where the search is, or goes back from it.
    fn advance(
        &mut self,
        graph: &Graph,
        walks: Walks,
        within: &impl Fn(u32) -> bool,
        components: &mut Components,
    ) {
        let (place, next) = self.way.last_mut().expect("a search that is under way is somewhere");
        let place = *place;
        if *next == graph.from(walks.node(place)).end {
            self.way.pop();
            self.leave(place, components);
            return;
        }
        let arc = graph.arc(*next);
        *next += 1;
        let Some(to) = walks.step(place, arc).filter(|_| within(arc.to)) else { return };
        if self.seen[to as usize] == 0 {
            self.enter(to, graph, walks);
        } else if self.low[to as usize] != NONE {
            self.low[place as usize] = self.low[place as usize].min(self.seen[to as usize]);
        }
    }

    fn leave(&mut self, place: u32, components: &mut Components) {
        let low = self.low[place as usize];
        if let Some((before, _)) = self.way.last() {
            self.low[*before as usize] = self.low[*before as usize].min(low);
        }
        if low != self.seen[place as usize] {
            return;
        }
        let first = self.open.iter().rposition(|open| *open == place).expect("it was opened");
        let mut members = self.open.split_off(first);
        for member in &members {
            self.low[*member as usize] = NONE;
        }
        // There are no arcs from a node to itself.
        if members.len() > 1 {
            members.sort_unstable();
            for member in &members {
                components.of[*member as usize] = number(components.members.len());
            }
            components.members.push(members);
        }
    }
}
