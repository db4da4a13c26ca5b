//! Owns [`Scene`]: what every step of an execution is told against: who takes part, which stores there are, which promise is broken
//! where, and whose requests are held.

use std::collections::{BTreeMap, BTreeSet};

use raceproof::WorkerId;
use raceproof::history::{Effect, Fault, Trace};
use raceproof::verdict::Violation;

use super::held::{Held, held};

/// An execution, seen as a whole.
pub(super) struct Scene<'a> {
    pub(super) trace: &'a Trace,
    /// Everybody that is named anywhere, in order.
    pub(super) workers: Vec<WorkerId>,
    /// Every store that is named anywhere, in order.
    pub(super) stores: Vec<String>,
    /// The promise that is broken, if one is.
    pub(super) promise: Option<&'a str>,
    /// The step at which that showed, from 1; at the end if there is none.
    pub(super) broken_at: Option<usize>,
    /// Whether a request must be told with the name of its store: several are asked.
    pub(super) names_stores: bool,
    held: Vec<BTreeMap<WorkerId, Held>>,
}

impl<'a> Scene<'a> {
    pub(super) fn of(trace: &'a Trace, violation: Option<&'a Violation>) -> Self {
        // A record may have been edited by hand: a step that is not there breaks nothing.
        let is_there = |step: &usize| (1..=trace.steps.len()).contains(step);
        let (asked, struck) = (asked(trace), struck(trace));
        Self {
            trace,
            workers: workers(trace).into_iter().collect(),
            names_stores: asked.len() > 1,
            stores: asked.union(&struck).map(|store| (*store).to_owned()).collect(),
            promise: violation.map(|violation| violation.invariant.as_str()),
            broken_at: violation.and_then(|violation| violation.step).filter(is_there),
            held: held(trace),
        }
    }

    /// The lanes in which a request is held from before the step at `index` until after it.
    pub(super) fn held_through(&self, index: usize) -> Vec<(usize, Held)> {
        let before = index.checked_sub(1).and_then(|before| self.held.get(before));
        let (Some(before), Some(after)) = (before, self.held.get(index)) else { return Vec::new() };
        let through = |(lane, worker): (usize, &WorkerId)| {
            let held = before.get(worker)?;
            after.contains_key(worker).then_some((lane, *held))
        };
        self.workers.iter().enumerate().filter_map(through).collect()
    }
}

/// The workers that a trace names anywhere: a record may have been edited by hand.
fn workers(trace: &Trace) -> BTreeSet<WorkerId> {
    let acting = trace.steps.iter().flat_map(|step| {
        let own = match &step.effect {
            Effect::Request { connection, .. }
            | Effect::Continued { connection, .. }
            | Effect::Delivery { connection, .. } => Some(connection.worker),
            Effect::Fault { fault, .. } => fault.worker(),
            Effect::TimePassed { .. } => None,
        };
        own.into_iter().chain(step.woken.iter().map(|wake| wake.connection.worker))
    });
    acting.chain(trace.workers.iter().copied()).collect()
}

/// The stores that somebody asked something, or heard from.
fn asked(trace: &Trace) -> BTreeSet<&str> {
    let store = |effect| match effect {
        &Effect::Request { ref store, .. }
        | &Effect::Continued { ref store, .. }
        | &Effect::Delivery { ref store, .. } => Some(store.as_str()),
        Effect::Fault { hit, .. } => hit.as_ref().map(|hit| hit.store.as_str()),
        Effect::TimePassed { .. } => None,
    };
    trace.steps.iter().filter_map(|step| store(&step.effect)).collect()
}

/// The stores that broke.
fn struck(trace: &Trace) -> BTreeSet<&str> {
    let store = |effect| match effect {
        &Effect::Fault {
            fault:
                Fault::Restart { ref store } | Fault::Wipe { ref store } | Fault::FailOver { ref store, .. },
            ..
        } => Some(store.as_str()),
        _ => None,
    };
    trace.steps.iter().filter_map(|step| store(&step.effect)).collect()
}
