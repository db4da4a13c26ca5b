//! Owns [`PartialOrderSampling`]: pending choices with random priorities, drawn anew for those that a step races with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chance::Chance;
use super::extras::{Extras, LENGTH_AT_FIRST, usual};
use super::interner::Interner;
use super::state::{OTHER_STRATEGY, SamplerState, StateError, StrategyState};
use super::table::Table;
use super::{Decision, Point, Strategy, Transition};
use crate::choice::Choice;
use crate::id::WorkerId;
use crate::shard::Shard;

/// A request that is stopped half-way must win this often to be the next.
const SPLIT_DRAWS: usize = 4;

/// A choice, and how many its worker has had before it.
type Event = (Choice, usize);

/// Partial-order sampling (Yuan, Yang and Gu, CAV 2018): the pending choice with the highest priority is next, and those that race
/// with it draw anew. So orders that matter are sampled more evenly than by a random walk.
///
/// What a pending choice will do is not known; it is taken to be what the same choice, at the same place in its worker's sequence,
/// did last, and to race with everything if it was never made.
#[derive(Debug)]
pub struct PartialOrderSampling {
    chance: Chance,
    length: usize,
    step: usize,
    counts: BTreeMap<WorkerId, usize>,
    priorities: BTreeMap<Choice, u64>,
    transitions: Interner<Transition>,
    known: BTreeMap<Event, Arc<Transition>>,
    last: Option<Event>,
    extras: Extras,
}

impl PartialOrderSampling {
    /// Executions from this seed, of one `shard` of them.
    #[must_use]
    pub fn new(seed: u64, shard: Shard) -> Self {
        Self {
            chance: Chance::new(seed, shard),
            length: LENGTH_AT_FIRST,
            step: 0,
            counts: BTreeMap::new(),
            priorities: BTreeMap::new(),
            transitions: Interner::default(),
            known: BTreeMap::new(),
            last: None,
            extras: Extras::default(),
        }
    }

    pub(super) fn state(&self) -> SamplerState {
        let mut transitions = Table::default();
        let known = self.known.iter();
        let known = known.map(|((choice, count), did)| (*choice, *count, transitions.number(did))).collect();
        let transitions = transitions.into_values().iter().map(|one| Transition::clone(one)).collect();
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        SamplerState { execution: self.chance.execution(), length, known, transitions }
    }

    pub(super) fn go_on_from(&mut self, state: SamplerState) -> Result<(), StateError> {
        let SamplerState { execution, length, known, transitions } = state;
        let transitions: Vec<_> = transitions.into_iter().map(|one| self.transitions.keep(one)).collect();
        for (choice, count, number) in known {
            let did = transitions.get(number as usize).ok_or(StateError("a transition is missing"))?;
            self.known.insert((choice, count), Arc::clone(did));
        }
        self.chance.go_on_behind(execution);
        self.length = length as usize;
        Ok(())
    }

    fn draw(&mut self) {
        self.step = 0;
        self.counts.clear();
        self.priorities.clear();
        self.last = None;
        self.extras = Extras::draw(&mut self.chance, self.length);
    }

    fn event(&self, choice: Choice) -> Event {
        let count = choice.worker().and_then(|worker| self.counts.get(&worker));
        (choice, count.copied().unwrap_or(0))
    }

    fn priority(&mut self, choice: Choice) -> u64 {
        let draws = if matches!(choice, Choice::Split(_)) { SPLIT_DRAWS } else { 1 };
        let chance = &mut self.chance;
        let drawn = || (0..draws).map(|_| chance.priority()).min().unwrap_or(0);
        *self.priorities.entry(choice).or_insert_with(drawn)
    }

    fn take(&mut self, choice: Choice) {
        self.last = Some(self.event(choice));
        if let Some(worker) = choice.worker() {
            *self.counts.entry(worker).or_default() += 1;
            self.priorities.retain(|pending, _| pending.worker() != Some(worker));
        }
    }
}

impl Strategy for PartialOrderSampling {
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
        let extra = self.extras.at(step, point, &mut self.chance);
        let taken = extra.unwrap_or_else(|| {
            let usual = usual(point);
            let highest = usual.into_iter().max_by_key(|index| self.priority(point.options[*index]));
            highest.expect("there are options")
        });
        self.take(point.options[taken]);
        Decision::Take(taken)
    }

    fn observes(&self) -> bool {
        true
    }

    fn observe(&mut self, transition: Transition) {
        let Some(event) = self.last.take() else { return };
        let transition = self.transitions.keep(transition);
        let pending: Vec<Choice> = self.priorities.keys().copied().collect();
        for choice in pending {
            let known = self.known.get(&self.event(choice));
            if known.is_none_or(|known| known.depends_on(&transition)) {
                self.priorities.remove(&choice);
            }
        }
        self.known.insert(event, transition);
    }

    fn exhausted(&self) -> bool {
        false
    }

    fn checkpoint(&mut self) -> Option<StrategyState> {
        Some(StrategyState::Sampler(self.state()))
    }

    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let StrategyState::Sampler(state) = state else { return Err(OTHER_STRATEGY) };
        self.go_on_from(state)
    }
}
