//! Owns [`Agenda`]: what is still to be tried, and what of it comes next.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::tree::NodeId;

/// Most branches that wait in the order of their deviations, of all searches that share this room; beyond, the newest goes on first, so
/// that memory stays bounded.
const WAITING_MAX: usize = 100_000;

/// A branch that was not tried yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(NodeId, u16, u32, bool)", from = "(NodeId, u16, u32, bool)")]
pub(super) struct Item {
    pub(super) node: NodeId,
    /// Which of the node's options.
    pub(super) option: u16,
    /// Preemptions, faults and passings of time without need, so far and with it.
    pub(super) deviations: u32,
    /// Whether one of them is a fault or a passing of time.
    pub(super) has_extra: bool,
}

impl From<Item> for (NodeId, u16, u32, bool) {
    fn from(item: Item) -> Self {
        (item.node, item.option, item.deviations, item.has_extra)
    }
}

impl From<(NodeId, u16, u32, bool)> for Item {
    fn from((node, option, deviations, has_extra): (NodeId, u16, u32, bool)) -> Self {
        Self { node, option, deviations, has_extra }
    }
}

/// What waits for its turn.
///
/// Few things have to come together in most races, so what has few deviations comes first (Musuvathi and Qadeer, "Iterative
/// Context Bounding", PLDI 2007): every other time it is the branch with the fewest; in between, all numbers take turns, so that
/// a race which needs many waits for no more than its share.
///
/// Faults and pauses multiply the schedules. So every other time it is one without any, as long as there is one: neither a fault
/// nor an order of requests waits until all of the other kind are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Agenda {
    plain: Levels,
    extra: Levels,
    was_extra: bool,
}

impl Agenda {
    pub(super) fn add(&mut self, item: Item) {
        let levels = if item.has_extra { &mut self.extra } else { &mut self.plain };
        levels.add(item);
    }

    /// Takes out the one that is next, in one of so many searches that share the room for those that wait.
    pub(super) fn next(&mut self, searches: usize) -> Option<Item> {
        let newest = self.len() > WAITING_MAX / searches.max(1);
        let [first, second] = match self.was_extra {
            true => [&mut self.plain, &mut self.extra],
            false => [&mut self.extra, &mut self.plain],
        };
        let item = first.next(newest).or_else(|| second.next(newest))?;
        self.was_extra = item.has_extra;
        Some(item)
    }

    pub(super) fn len(&self) -> usize {
        self.plain.count + self.extra.count
    }

    /// Everything that waits, in no particular order.
    pub(super) fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        let levels = [&mut self.plain, &mut self.extra].into_iter();
        levels.flat_map(|levels| levels.waiting.values_mut().flatten())
    }

    /// Whether it is one that could have come about: it may have been read.
    pub(super) fn is_sound(&self) -> bool {
        let is_counted = |levels: &Levels| {
            let queues = || levels.waiting.values();
            queues().all(|queue| !queue.is_empty())
                && queues().map(VecDeque::len).sum::<usize>() == levels.count
        };
        is_counted(&self.plain) && is_counted(&self.extra)
    }
}

/// Branches by their number of deviations; never an empty queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Levels {
    waiting: BTreeMap<u32, VecDeque<Item>>,
    count: usize,
    turns: usize,
}

impl Levels {
    fn add(&mut self, item: Item) {
        self.count += 1;
        self.waiting.entry(item.deviations).or_default().push_back(item);
    }

    fn next(&mut self, newest: bool) -> Option<Item> {
        let levels = self.waiting.len();
        self.turns += 1;
        let level = match newest {
            true => levels.checked_sub(1)?,
            false if self.turns.is_multiple_of(2) => 0,
            false => self.turns.div_ceil(2).checked_rem(levels)?,
        };
        let deviations = *self.waiting.keys().nth(level)?;
        let queue = self.waiting.get_mut(&deviations)?;
        let item = if newest { queue.pop_back() } else { queue.pop_front() }?;
        if queue.is_empty() {
            self.waiting.remove(&deviations);
        }
        self.count -= 1;
        Some(item)
    }
}
