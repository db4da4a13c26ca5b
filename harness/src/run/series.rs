//! Owns [`Series`]: the workloads of a search, explored in turn. There is one, unless the scenario generates its operations.

use std::time::Duration;

use super::entry::Entry;
use super::exploration::Exploration;
use super::found::Found;
use super::share::{Share, level};
use super::tally::Tally;
use crate::checkpoint::{CheckpointError, WorkloadState};
use crate::error::Error;
use crate::outcome::{Stopped, Workloads};
use crate::plan::Plan;

/// The workloads of a search.
pub(super) struct Series {
    /// In the order in which they are drawn.
    slots: Vec<Slot>,
    /// The one that the rig is at.
    current: Option<usize>,
    /// Whether they are drawn.
    is_drawn: bool,
}

/// One workload.
enum Slot {
    /// What is known of it from a search that was ended, if anything is.
    Ahead(Box<WorkloadState>),
    Begun(Box<Entry>),
}

impl Slot {
    fn state(&self) -> &WorkloadState {
        match self {
            Self::Ahead(state) => state,
            Self::Begun(entry) => &entry.state,
        }
    }

    fn is_drawn(&self) -> bool {
        matches!(self, Self::Begun(_)) || self.state().schedules > 0
    }
}

impl Series {
    /// The workloads of a search, as far as they were explored when it was ended, if it goes on.
    pub(super) async fn begin(
        exploration: &mut Exploration<'_>,
        left: Option<Vec<WorkloadState>>,
    ) -> Result<Self, Error> {
        let generator = exploration.scenario.generator();
        let (is_drawn, count) = (generator.is_some(), generator.map_or(1, |all| all.workloads().max(1)));
        let left = match left {
            Some(left) if left.len() as u64 != count => {
                let what = format!("`workloads` was {} and is {count}", left.len());
                return Err(CheckpointError::OtherSearch(what).into());
            }
            Some(left) => left,
            None => (0..count).map(|_| WorkloadState::default()).collect(),
        };
        let slots = left.into_iter().map(|state| Slot::Ahead(Box::new(state))).collect();
        let mut series = Self { slots, current: None, is_drawn };
        if !is_drawn {
            // What kept schedules teach is known when it is explored.
            series.turn_to(0, exploration).await?;
        }
        Ok(series)
    }

    /// Explores them round by round until nothing is left or the search ends. In each round the schedules that are left of the
    /// budget are shared so that all have had the same number in the end, and the time so that all have the same now.
    pub(super) async fn run(
        &mut self,
        exploration: &mut Exploration<'_>,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        loop {
            for index in 0..self.slots.len() {
                let Some(share) = self.share(index, exploration.plan, tally) else { continue };
                self.take_turn(index, share, exploration, found, tally).await?;
                if let Stopped::FirstViolation | Stopped::Inconclusive | Stopped::Interrupted = found.stopped
                {
                    return Ok(());
                }
            }
            let spent = || exploration.spent(tally, Share::whole(exploration.plan));
            if let Some(stopped) = if self.is_over() { Some(Stopped::Exhausted) } else { spent() } {
                found.stopped = stopped;
                return Ok(());
            }
        }
    }

    /// Explores the workload at `index` for its `share`.
    async fn take_turn(
        &mut self,
        index: usize,
        share: Share,
        exploration: &mut Exploration<'_>,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let entry = self.turn_to(index, exploration).await?;
        if let Some(systematic) = entry.strategy.systematic()
            && tally.reduction.refuted.is_some()
            && systematic.reduces()
        {
            systematic.distrust();
        }
        found.stopped = Stopped::Exhausted;
        if !exploration.check(entry, share, found, tally).await? {
            exploration.explore(entry, share, found, tally).await?;
        }
        entry.leave(exploration.rig);
        found.weigh(&entry.subject);
        Ok(())
    }

    /// What the workload at `index` may use of the budget of `plan` in this round, of which the workloads before it have had their
    /// shares; nothing if it has had its own already.
    fn share(&self, index: usize, plan: &Plan, tally: &Tally) -> Option<Share> {
        if !self.is_drawn {
            return Some(Share::whole(plan));
        }
        let is_open = |slot: &&Slot| !slot.state().is_over;
        let counts = self.slots.iter().filter(is_open).map(|slot| slot.state().schedules).collect();
        let level = level(counts, plan.schedules_max.saturating_sub(tally.schedules));
        let wants = |slot: &&Slot| is_open(slot) && slot.state().schedules < level;
        let own = Some(&self.slots[index]).filter(wants)?.state().schedules;
        let turns = self.slots[index..].iter().filter(wants).count();
        let elapsed = Duration::from_micros(tally.elapsed_us());
        Some(Share::whole(plan).part(tally.schedules, level - own, elapsed, turns))
    }

    /// The workload at `index`, at which the rig is then.
    async fn turn_to(
        &mut self,
        index: usize,
        exploration: &mut Exploration<'_>,
    ) -> Result<&mut Entry, Error> {
        let was_at = self.current.replace(index);
        let slot = &mut self.slots[index];
        if let Slot::Ahead(state) = slot {
            let entry = {
                let Exploration { rig, scenario, plan, .. } = exploration;
                Entry::begin(rig, scenario, plan, index as u64, std::mem::take(&mut **state)).await?
            };
            *slot = Slot::Begun(Box::new(entry));
        } else if let Slot::Begun(entry) = slot
            && was_at != Some(index)
        {
            entry.relearn(exploration.rig)?;
        }
        match slot {
            Slot::Begun(entry) => Ok(entry),
            Slot::Ahead(_) => unreachable!("it was begun just now"),
        }
    }

    /// Whether every schedule of every workload was explored. Other workloads there are always.
    pub(super) fn is_over(&self) -> bool {
        self.slots.iter().all(|slot| slot.state().is_over)
    }

    /// Has `tally` know what came of all of them.
    pub(super) fn tell(&mut self, tally: &mut Tally) {
        let reduces = |slot: &mut Slot| match slot {
            Slot::Begun(entry) => entry.strategy.systematic().is_some_and(|systematic| systematic.reduces()),
            Slot::Ahead(_) => false,
        };
        tally.reduces = self.slots.iter_mut().any(reduces);
        tally.reduction.coarseness = self.slots.iter().map(|slot| slot.state().coarseness).sum();
        let count = |is_it: fn(&Slot) -> bool| self.slots.iter().filter(|slot| is_it(slot)).count() as u64;
        let workloads =
            Workloads { drawn: count(Slot::is_drawn), exhausted: count(|slot| slot.state().is_over) };
        tally.workloads = self.is_drawn.then_some(workloads);
    }

    /// Where each of them stands; `None` if one of their strategies cannot tell.
    pub(super) fn stand(self) -> Option<Vec<WorkloadState>> {
        let stands = |slot| match slot {
            Slot::Ahead(state) => Some(*state),
            Slot::Begun(entry) => entry.stands(),
        };
        self.slots.into_iter().map(stands).collect()
    }
}
