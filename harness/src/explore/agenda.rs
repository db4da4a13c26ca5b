//! Owns [`Agenda`]: searches behind different beginnings, and which of them goes on next.

use std::collections::{BTreeMap, VecDeque};

use super::Point;
use crate::choice::Choice;

/// Searches that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// By the number of deviations of their beginnings; never an empty queue.
    waiting: BTreeMap<usize, VecDeque<Search>>,
    pub(super) count: usize,
    turns: usize,
}

/// A depth-first search of all schedules with the same beginning and no further deviation.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) beginning: Beginning,
    /// The points behind the beginning.
    pub(super) stack: Vec<Node>,
    pub(super) exhausted: bool,
}

/// How a schedule begins.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    pub(super) choices: Vec<Choice>,
    pub(super) preemptions: usize,
    pub(super) deviations: usize,
    /// Whether one of the choices is a fault or a passing of time without need.
    pub(super) has_extra: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    /// What was possible, in canonical order; a repetition must find the same.
    pub(super) options: Vec<Choice>,
    /// Positions in `options` that are to be tried, in order; never empty.
    pub(super) order: Vec<usize>,
    /// Which of `order` is being tried; always in range.
    pub(super) current: usize,
    /// Preemptions after taking the current one.
    pub(super) preemptions: usize,
    /// Preemptions before this point.
    pub(super) preemptions_before: usize,
}

impl Agenda {
    pub(super) fn add(&mut self, search: Search) {
        self.count += 1;
        self.waiting.entry(search.beginning.deviations).or_default().push_back(search);
    }

    /// Of those with the same number of deviations, the search that has waited longest: every other time of those with the
    /// fewest, else of those whose turn it is.
    pub(super) fn next(&mut self) -> Option<Search> {
        let levels = self.waiting.len();
        self.turns += 1;
        let level =
            if self.turns.is_multiple_of(2) { 0 } else { self.turns.div_ceil(2).checked_rem(levels)? };
        let deviations = *self.waiting.keys().nth(level)?;
        let queue = self.waiting.get_mut(&deviations)?;
        let search = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&deviations);
        }
        self.count -= 1;
        Some(search)
    }
}

impl Search {
    pub(super) fn behind(beginning: Beginning) -> Self {
        Self { beginning, ..Self::default() }
    }

    /// Goes on to the deepest point with an untried option.
    pub(super) fn move_on(&mut self) {
        while let Some(node) = self.stack.last_mut() {
            if node.current + 1 < node.order.len() {
                node.current += 1;
                return;
            }
            self.stack.pop();
        }
        self.exhausted = true;
    }
}

impl Node {
    pub(super) fn count(&mut self, point: &Point<'_>) {
        let option = self.options[self.order[self.current]];
        self.preemptions = self.preemptions_before + usize::from(point.preempts(option));
    }
}
