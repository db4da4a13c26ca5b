//! Owns which steps a [`Systematic`] search tries the other way round: those that race, and now and then two that do not.

use super::{Systematic, Taken, is_paused};
use crate::choice::{Choice, Schedule};
use crate::explore::Transition;
use crate::explore::races::Race;
use crate::explore::tree::NodeId;
use crate::id::WorkerId;

impl Systematic {
    /// The schedule of the execution that was just made, which was `executed`, with two neighbours swapped that are taken to be independent: the
    /// `number`th pair of those that there are, counted in circles. It must come to the same.
    #[must_use]
    pub fn swapped(&self, executed: &Schedule, number: u64) -> Option<Schedule> {
        let mut choices: Vec<Choice> = self.taken.iter().map(Taken::choice).collect();
        if !self.reduces || !self.is_complete || choices != executed.0 {
            return None;
        }
        let is_pair = |pair: &[Taken]| {
            let (left, right) = (&pair[0], &pair[1]);
            // What is split goes on only when somebody else has done something.
            let splits = |taken: &Taken| matches!(taken.choice(), Choice::Split(_) | Choice::Resume(_));
            let (Some(first), Some(second)) = (&left.transition, &right.transition) else { return false };
            let is_fixed = |transition: &Transition| transition.is_last_resort || transition.is_everywhere;
            let is_free = !is_fixed(first) && !is_fixed(second) && first.turn.is_some();
            is_free && !splits(left) && !splits(right) && second.turn.is_some() && !first.depends_on(second)
        };
        let pairs: Vec<usize> =
            self.taken.windows(2).enumerate().filter(|(_, pair)| is_pair(pair)).map(|(at, _)| at).collect();
        let number = usize::try_from(number % u64::try_from(pairs.len()).ok()?.max(1)).ok()?;
        let position = *pairs.get(number)?;
        choices.swap(position, position + 1);
        Some(Schedule(choices))
    }

    /// Sees to it that the order of a race is tried the other way round, unless it is.
    pub(super) fn plan_the_other_way_round(&mut self, race: &Race, ids: &[NodeId], taken: &[Taken]) {
        let id = ids[race.position];
        let node = self.tree.get(id);
        let of = |worker: WorkerId| move |option: &Choice| option.worker() == Some(worker);
        let is_covered = |(worker, step): &(WorkerId, Option<usize>)| {
            let mut tried = node.branches.iter().map(|branch| node.options[usize::from(branch.option)]);
            tried.any(|choice| of(*worker)(&choice))
                || step.is_some_and(|step| node.sleeps(taken[step].choice()))
        };
        if race.firsts.iter().any(is_covered) {
            return;
        }
        let is_possible = |worker: &WorkerId| node.options.iter().any(of(*worker));
        let mut possible = race.firsts.iter().map(|(worker, _)| *worker).filter(is_possible);
        let first =
            possible.clone().find(|worker| Some(*worker) == node.previous).or_else(|| possible.next());
        let is_wanted = |option: &Choice| first.is_none_or(|worker| option.worker() == Some(worker));
        let wanted: Vec<usize> =
            (0..node.options.len()).filter(|index| is_wanted(&node.options[*index])).collect();
        let is_paused = is_paused(taken, race.position);
        for option in wanted {
            self.plan(id, race.position, option, is_paused);
        }
    }
}
