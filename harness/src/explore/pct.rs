//! Owns [`Pct`]: workers with random priorities, a few of which change at random moments.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::extras::{Extras, LENGTH_AT_FIRST, usual};
use super::state::{OTHER_STRATEGY, SamplerState, StateError, StrategyState};
use super::{Decision, Point, Strategy};
use crate::choice::Choice;
use crate::id::WorkerId;
use crate::shard::Shard;

/// Of the requests that could be split, one in so many is.
const SPLIT_ONE_IN: usize = 4;

/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010): a race that needs `depth`
/// orderings is found in each execution with a probability of at least 1 / (n · k^(depth-1)), with n workers and k steps.
#[derive(Debug)]
pub struct Pct {
    chance: Chance,
    depth: usize,
    /// The longest execution so far, in steps.
    length: usize,
    step: usize,
    priorities: BTreeMap<WorkerId, u64>,
    /// The steps at which whoever is on gets a lower priority than all others, the next one last.
    changes: Vec<usize>,
    extras: Extras,
}

impl Pct {
    /// Executions from this seed, of one `shard` of them, each with `depth` - 1 changes.
    #[must_use]
    pub fn new(seed: u64, depth: usize, shard: Shard) -> Self {
        Self {
            chance: Chance::new(seed, shard),
            depth,
            length: LENGTH_AT_FIRST,
            step: 0,
            priorities: BTreeMap::new(),
            changes: Vec::new(),
            extras: Extras::default(),
        }
    }

    pub(super) fn state(&self) -> SamplerState {
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        SamplerState { execution: self.chance.execution(), length, ..SamplerState::default() }
    }

    pub(super) fn go_on_from(&mut self, state: &SamplerState) {
        self.chance.go_on_behind(state.execution);
        self.length = state.length as usize;
    }

    fn draw(&mut self) {
        self.step = 0;
        self.priorities.clear();
        let (length, chance) = (self.length, &mut self.chance);
        self.changes = (1..self.depth).map(|_| chance.below(length)).collect();
        self.changes.sort_unstable_by(|one, other| other.cmp(one));
        self.extras = Extras::draw(chance, length);
    }

    /// The worker with the highest priority of those that can go on.
    fn first(&mut self, point: &Point<'_>, usual: &[usize]) -> Option<WorkerId> {
        for worker in usual.iter().filter_map(|index| point.options[*index].turn()) {
            // Below all of these are the priorities that change.
            self.priorities.entry(worker).or_insert_with(|| self.chance.priority() | 1 << 63);
        }
        let turns = usual.iter().filter_map(|index| point.options[*index].turn());
        turns.max_by_key(|worker| self.priorities[worker])
    }
}

impl Strategy for Pct {
    fn begin(&mut self) -> bool {
        self.chance.advance();
        self.draw();
        true
    }

    fn rewind(&mut self) {
        self.chance.rewind();
        self.draw();
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        let step = self.step;
        self.step += 1;
        self.length = self.length.max(self.step);
        if let Some(extra) = self.extras.at(step, point, &mut self.chance) {
            return Decision::Take(extra);
        }
        let usual = usual(point);
        let mut first = self.first(point, &usual);
        while self.changes.last().is_some_and(|change| *change <= step) {
            self.changes.pop();
            if let Some(worker) = first {
                self.priorities.insert(worker, self.changes.len() as u64);
                first = self.first(point, &usual);
            }
        }
        let own: Vec<usize> =
            usual.into_iter().filter(|index| point.options[*index].turn() == first).collect();
        Decision::Take(one_of(point, &own, &mut self.chance))
    }

    fn exhausted(&self) -> bool {
        false
    }

    fn checkpoint(&mut self) -> Option<StrategyState> {
        Some(StrategyState::Sampler(self.state()))
    }

    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let StrategyState::Sampler(state) = state else { return Err(OTHER_STRATEGY) };
        self.go_on_from(&state);
        Ok(())
    }
}

/// One of the things that a worker may do next; that it is stopped half-way is less likely than the others.
fn one_of(point: &Point<'_>, own: &[usize], chance: &mut Chance) -> usize {
    let is_split = |index: &&usize| matches!(point.options[**index], Choice::Split(_));
    let (splits, others): (Vec<usize>, Vec<usize>) = own.iter().partition(is_split);
    let splits_now = others.is_empty() || (!splits.is_empty() && chance.below(SPLIT_ONE_IN) == 0);
    let among = if splits_now { splits } else { others };
    among[chance.below(among.len())]
}
