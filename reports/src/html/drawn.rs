//! Owns [`Drawn`]: what the template of a story needs beside its words: the table of its lanes, and its drawings.

use super::bars::Bars;
use super::cut::Scissors;
use super::graph::Graph;
use super::grid::Grid;
use crate::story::{Lanes, Story};

/// The parts of a story that are laid out.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) grid: Option<Grid>,
    /// The wait-for graph of each deadlock, by the number of its step.
    deadlocks: Vec<(usize, Option<Graph>)>,
    pub(super) cycle: Option<Graph>,
    pub(super) bars: Option<Bars>,
}

impl Drawn {
    pub(super) fn of(story: &Story) -> Self {
        let lanes = story.lanes.as_ref();
        let circles = lanes.into_iter().flat_map(Lanes::circles);
        let mut scissors = Scissors::default();
        Self {
            grid: lanes.map(|lanes| Grid::of(lanes, &mut scissors)),
            deadlocks: circles.map(|(step, circle)| (step, Graph::of_waits(circle))).collect(),
            cycle: story.dependencies.as_ref().and_then(Graph::of_dependencies),
            bars: story.history.as_ref().map(Bars::of),
        }
    }

    /// The graph of the deadlock of this step.
    pub(super) fn deadlock(&self, step: usize) -> Option<&Graph> {
        self.deadlocks.iter().find(|(of, _)| *of == step).and_then(|(_, graph)| graph.as_ref())
    }
}
