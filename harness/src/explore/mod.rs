//! Owns the order in which schedules are tried. Pure: a strategy sees what is possible and answers with
//! one of it; running an execution is the business of `run`.

mod agenda;
mod chance;
mod cuts;
mod extras;
mod fixed;
mod footprint;
mod guided;
mod interner;
mod moves;
mod neighbours;
mod omissions;
mod pct;
mod portfolio;
mod pos;
mod races;
mod random;
mod state;
mod systematic;
mod table;
mod transition;
mod tree;

pub use cuts::{Begun, Cut, cuts};
pub use fixed::Fixed;
pub use footprint::{Access, Footprint, Touch};
pub use guided::{Departure, Guided};
pub use moves::block_moves;
pub use neighbours::{Closeness, agreement, closeness, closeness_of_beginning, distance, neighbours};
pub use omissions::omissions;
pub use pct::Pct;
pub use portfolio::Portfolio;
pub use pos::PartialOrderSampling;
pub use random::RandomWalk;
pub use state::{PortfolioState, SamplerState, StateError, StrategyState};
pub use systematic::{Systematic, SystematicState};
pub use transition::Transition;

use crate::choice::Choice;
use crate::id::WorkerId;

/// A moment at which something must be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// What is possible, in canonical order (see [`Choice`]'s order), never empty.
    pub options: &'a [Choice],
    /// Whose turn it was last, whatever time has passed or has broken since.
    pub previous: Option<WorkerId>,
}

impl Point<'_> {
    /// The positions of the options in the order in which a search should try them: first those that let
    /// the previous worker go on, then those of the others in canonical order, then those that split a request, then
    /// the passing of time, and last what breaks something. So a schedule that is continued in this order meets no
    /// fault, and time passes in it only when nobody can go on.
    #[must_use]
    pub fn preferred(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.options.len()).collect();
        order.sort_by_key(|index| {
            let option = self.options[*index];
            let kind = match option {
                _ if option.fault().is_some() => 3,
                Choice::Advance => 2,
                Choice::Split(_) => 1,
                _ => 0,
            };
            (kind, self.previous.is_none() || option.turn() != self.previous)
        });
        order
    }

    /// Whether taking `option` stops a worker that could have gone on. Neither a fault nor the passing of time does: if
    /// the same worker goes on afterwards, nobody came in between.
    #[must_use]
    pub fn preempts(&self, option: Choice) -> bool {
        self.previous.is_some()
            && option.turn().is_some_and(|worker| Some(worker) != self.previous)
            && self.options.iter().any(|other| other.turn() == self.previous)
    }
}

/// What a strategy decides at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Take the option at this position.
    Take(usize),
    /// The schedule is at its end: stop the execution here.
    Stop,
    /// Whatever comes of it from here has come of another execution: stop it.
    Redundant,
    /// What was expected here is not possible: the code or the stores behaved differently than before.
    Mismatch(String),
}

/// An order in which schedules are tried.
pub trait Strategy {
    /// Prepares the next execution; `false` if none is left.
    fn begin(&mut self) -> bool;

    /// Prepares the running execution to be started anew, with the same choices.
    fn rewind(&mut self);

    /// Decides at a point of the running execution.
    fn choose(&mut self, point: &Point<'_>) -> Decision;

    /// Whether it wants to [`observe`](Self::observe) what choices do.
    fn observes(&self) -> bool {
        false
    }

    /// Takes note of what the last choice did; called after each, if the strategy observes.
    fn observe(&mut self, transition: Transition) {
        let _ = transition;
    }

    /// The execution was stopped, by a violation or a limit, though the workers of `unfinished` have not ended.
    fn cut_short(&mut self, unfinished: &[WorkerId]) {
        let _ = unfinished;
    }

    /// Whether the execution that is over belongs to another shard, which makes it as a whole.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// The systematic search that is this or a part of it.
    fn systematic(&mut self) -> Option<&mut Systematic> {
        None
    }

    /// The execution ended by itself, `steps` choices after its start; an `Err` says that a former
    /// execution with the same choices went on.
    ///
    /// # Errors
    /// What was expected instead of the end.
    fn end(&mut self, steps: usize) -> Result<(), String> {
        let _ = steps;
        Ok(())
    }

    /// Whether every schedule within the bound has been tried.
    fn exhausted(&self) -> bool;

    /// Where it stands between two executions, so that another one goes on from there; `None` if it cannot tell.
    fn checkpoint(&mut self) -> Option<StrategyState> {
        None
    }

    /// Goes on from `state`, which is of a strategy that was made in the same way as this one, before its first execution.
    ///
    /// # Errors
    /// The state is of another kind of strategy, or does not hang together.
    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let _ = state;
        Err(state::OTHER_STRATEGY)
    }
}

/// Options as text for a message: `A B.1 +`.
pub(crate) fn tell(options: &[Choice]) -> String {
    options.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Schedule;

    fn options(text: &str) -> Vec<Choice> {
        let Schedule(mut options) = text.parse().expect("valid");
        options.sort();
        options
    }

    fn preferred(text: &str, previous: Option<WorkerId>) -> String {
        let options = options(text);
        let point = Point { options: &options, previous };
        let order: Vec<Choice> = point.preferred().into_iter().map(|index| options[index]).collect();
        tell(&order)
    }

    /// The whole order: the one who was on, others, splits, time, what breaks.
    #[test]
    fn time_passes_behind_all_requests_and_faults_come_last() {
        let all = "A B A< B< + A~ B? store:wipe";
        assert_eq!(preferred(all, Some(WorkerId(1))), "B A B< A< + A~ B? store:wipe");
        assert_eq!(preferred(all, None), "A B A< B< + A~ B? store:wipe");
    }

    /// `A + A` has no preemption although `+` is nobody's turn, and `A + B` has one.
    #[test]
    fn neither_time_nor_a_fault_is_a_preemption() {
        let options = options("A B + A~ B? store:wipe");
        let point = Point { options: &options, previous: Some(WorkerId(0)) };
        let preempting: Vec<Choice> =
            options.iter().copied().filter(|option| point.preempts(*option)).collect();
        assert_eq!(tell(&preempting), "B");
    }

    /// A worker of which nothing but a fault is left cannot go on, so nobody stops it.
    #[test]
    fn leaving_a_worker_that_can_only_crash_is_no_preemption() {
        let options = options("A~ B");
        let point = Point { options: &options, previous: Some(WorkerId(0)) };
        assert!(!point.preempts(options[0]) && !point.preempts(options[1]));
    }
}
