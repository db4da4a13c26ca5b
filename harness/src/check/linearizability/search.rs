//! Owns [`Search`]: Wing and Gong's search for an order, with Lowe's memory; what is made of its end is [`super::judgement`]'s.

use super::item::Item;
use super::limits::{Exceeded, Limits};
use super::list::{Entry, List};
use super::model::Model;
use super::placed::Placed;
use super::seen::Seen;
use super::states::States;

/// A search for an order of items in which each is placed after its invocation and before its return, and in
/// which the model gives every answer that was given.
///
/// Depth first and without recursion, so that long histories need no stack. Two things go beyond the papers: a read that fits is placed at once
/// and never elsewhere, for it leaves the state as it is whichever that is; and of open items with equal calls the first goes
/// first.
pub(super) struct Search<'a, M: Model> {
    model: &'a M,
    items: &'a [Item<M::Call>],
    limits: &'a Limits,
    list: List,
    placed: Placed,
    seen: Seen,
    states: States<M::State>,
    path: Vec<Place>,
    state: u32,
    /// Items that returned and have no place.
    left: usize,
    deepest: Deepest,
    steps: u64,
}

/// An item with its place in the order.
#[derive(Debug, Clone, Copy)]
struct Place {
    item: u32,
    state_before: u32,
    /// Whether nothing else need be tried here.
    is_forced: bool,
}

/// The longest beginning of an order that was found.
#[derive(Debug)]
struct Deepest {
    left: usize,
    order: Vec<u32>,
    state: u32,
}

/// How a search ended.
#[derive(Debug)]
pub(super) enum Found<S> {
    /// The items in an order that explains all answers.
    Order(Vec<u32>),
    /// There is none. This is the longest beginning of one, and the state after it.
    None { prefix: Vec<u32>, state: S },
}

impl<'a, M: Model> Search<'a, M> {
    /// A search that may take as many steps as `limits` allows after `steps`.
    pub(super) fn new(model: &'a M, items: &'a [Item<M::Call>], limits: &'a Limits, steps: u64) -> Self {
        let left = items.iter().filter(|item| item.returned.is_some()).count();
        Self {
            model,
            items,
            limits,
            list: List::new(items.iter().map(|item| (item.invoked, item.returned))),
            placed: Placed::none_of(items.len()),
            seen: Seen::default(),
            states: States::beginning_with(model.init()),
            path: Vec::with_capacity(items.len()),
            state: 0,
            left,
            deepest: Deepest { left, order: Vec::new(), state: 0 },
            steps,
        }
    }

    /// Searches to the end, or to a limit. Returns the steps so far too.
    pub(super) fn run(mut self) -> Result<(Found<M::State>, u64), Exceeded> {
        let mut place = self.list.first();
        // What is open when all others have their place has never taken effect.
        while self.left > 0 {
            place = match self.list.entry(place) {
                Entry::Call(item) if self.try_next(item)? => self.list.first(),
                Entry::Call(_) => self.list.after(place),
                // Whoever returned here must come before what is behind, and has no place yet.
                Entry::Return => match self.step_back() {
                    Some(item) => self.list.after(self.list.place(item)),
                    None => {
                        let Deepest { order, state, .. } = self.deepest;
                        let state = self.states.get(state).clone();
                        return Ok((Found::None { prefix: order, state }, self.steps));
                    }
                },
            };
        }
        Ok((Found::Order(self.path.iter().map(|place| place.item).collect()), self.steps))
    }

    /// Places `item` next if the model allows it and it was not tried before.
    fn try_next(&mut self, item: u32) -> Result<bool, Exceeded> {
        let Item { call, returned, is_read, twin, .. } = &self.items[item as usize];
        if twin.is_some_and(|twin| !self.placed.contains(twin)) {
            return Ok(false);
        }
        if self.steps >= self.limits.steps_max {
            return Err(Exceeded::Steps(self.limits.steps_max));
        }
        self.steps += 1;
        let Some(after) = self.model.step(self.states.get(self.state), call) else { return Ok(false) };
        let is_same = after == *self.states.get(self.state);
        // An open item that changes nothing has no reason to take effect here.
        if is_same && returned.is_none() {
            return Ok(false);
        }
        let after =
            if is_same { self.state } else { self.states.number(after, |state| self.model.bytes(state)) };
        let is_forced = *is_read || self.list.is_alone(item);
        self.placed.insert(item);
        if !is_forced && !self.seen.insert(&self.placed, after) {
            self.placed.remove(item);
            return Ok(false);
        }
        if self.seen.bytes() + self.states.bytes() > self.limits.memory_bytes_max {
            return Err(Exceeded::Memory(self.limits.memory_bytes_max));
        }
        self.left -= usize::from(returned.is_some());
        self.list.lift(item);
        self.path.push(Place { item, state_before: self.state, is_forced });
        self.state = after;
        Ok(true)
    }

    /// Takes the last item back behind which something else may be tried; `None` if there is none.
    fn step_back(&mut self) -> Option<u32> {
        if self.left < self.deepest.left {
            let order = self.path.iter().map(|place| place.item).collect();
            self.deepest = Deepest { left: self.left, order, state: self.state };
        }
        loop {
            let Place { item, state_before, is_forced } = self.path.pop()?;
            self.list.put_back(item);
            self.placed.remove(item);
            self.state = state_before;
            self.left += usize::from(self.items[item as usize].returned.is_some());
            if !is_forced {
                return Some(item);
            }
        }
    }
}
