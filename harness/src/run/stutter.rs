//! Owns [`Stutter`]: which workers go round in circles in which nothing changes, told from what they ask and what they
//! are answered. Pure; what follows from it is the business of `polling`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::id::WorkerId;

/// Longest circle that is recognised, in requests and sleeps.
const PERIOD_MAX: usize = 8;

/// One thing that a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It asked a store (digest of the request) and was answered (digest of the reply).
    Request { request: u64, reply: u64 },
    /// It slept, for so long.
    Sleep(Duration),
}

/// An act, and how much had changed before it.
#[derive(Debug, Clone, Copy)]
struct Turn {
    act: Act,
    version: u64,
}

/// The last acts of each worker, and a count of changes.
#[derive(Debug, Default)]
pub(super) struct Stutter {
    /// Raised by everything after which somebody may be answered otherwise than before.
    version: u64,
    turns: BTreeMap<WorkerId, VecDeque<Turn>>,
}

impl Stutter {
    /// How much has changed so far.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Something has changed.
    pub(super) fn raise(&mut self) {
        self.version += 1;
    }

    /// `worker` did `act`.
    pub(super) fn push(&mut self, worker: WorkerId, act: Act) {
        let turns = self.turns.entry(worker).or_default();
        if turns.len() == 2 * PERIOD_MAX {
            turns.pop_front();
        }
        turns.push_back(Turn { act, version: self.version });
    }

    /// What `worker` did is no part of a circle any more.
    pub(super) fn forget(&mut self, worker: WorkerId) {
        self.turns.remove(&worker);
    }

    /// Whether `worker` has done the same before, within the longest circle.
    pub(super) fn is_old(&self, worker: WorkerId, act: Act) -> bool {
        let Some(turns) = self.turns.get(&worker) else { return false };
        turns.iter().rev().take(PERIOD_MAX).any(|turn| turn.act == act)
    }

    /// Whether `worker` has asked the same before, within the longest circle.
    pub(super) fn has_asked(&self, worker: WorkerId, request: u64) -> bool {
        let Some(turns) = self.turns.get(&worker) else { return false };
        let is_same = |act| matches!(act, Act::Request { request: asked, .. } if asked == request);
        turns.iter().rev().take(PERIOD_MAX).any(|turn| is_same(turn.act))
    }

    /// Whether the last act of `worker` completes a round that is the same as the one before.
    pub(super) fn has_gone_round(&self, worker: WorkerId) -> bool {
        let Some(turns) = self.turns.get(&worker) else { return false };
        (1..=PERIOD_MAX).any(|period| is_round(turns, period))
    }

    /// The length of the circle that `worker` is about to begin again, where `next` is the digest of the request that is
    /// held, or nothing if it sleeps: its last two rounds were the same, and nothing has changed since the later one began.
    pub(super) fn circle(&self, worker: WorkerId, next: impl FnOnce() -> Option<u64>) -> Option<usize> {
        let turns = self.turns.get(&worker)?;
        let is_idle = |period: &usize| {
            let round = || turns.range(turns.len() - period..);
            is_round(turns, *period)
                && round().next().is_some_and(|turn| turn.version == self.version)
                && round().any(|turn| matches!(turn.act, Act::Request { .. }))
        };
        let period = (1..=PERIOD_MAX).find(is_idle)?;
        let begins_again = match (next(), turns[turns.len() - period].act) {
            (Some(next), Act::Request { request, .. }) => next == request,
            (None, _) => matches!(turns.back(), Some(Turn { act: Act::Sleep(_), .. })),
            _ => false,
        };
        begins_again.then_some(period)
    }
}

fn is_round(turns: &VecDeque<Turn>, period: usize) -> bool {
    let Some(begin) = turns.len().checked_sub(2 * period) else { return false };
    (begin..begin + period).all(|index| turns[index].act == turns[index + period].act)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: WorkerId = WorkerId(0);

    fn asked(request: u64, reply: u64) -> Act {
        Act::Request { request, reply }
    }

    fn after(acts: &[Act]) -> Stutter {
        let mut stutter = Stutter::default();
        acts.iter().for_each(|act| stutter.push(A, *act));
        stutter
    }

    #[test]
    fn same_question_with_the_same_answer_twice_is_a_circle() {
        let stutter = after(&[asked(1, 0), asked(1, 0)]);
        assert_eq!(stutter.circle(A, || Some(1)), Some(1));
        assert_eq!(stutter.circle(A, || Some(2)), None, "it goes on with something else");
    }

    #[test]
    fn other_answer_is_progress() {
        assert_eq!(after(&[asked(1, 0), asked(1, 1)]).circle(A, || Some(1)), None);
    }

    #[test]
    fn circle_may_have_several_requests_and_a_sleep() {
        let sleep = Act::Sleep(Duration::from_millis(10));
        let round = [asked(1, 0), asked(2, 0), sleep];
        let stutter = after(&[round, round].concat());
        assert_eq!(stutter.circle(A, || None), Some(3), "it sleeps");
        assert_eq!(stutter.circle(A, || Some(1)), Some(3), "it has slept");
        assert_eq!(stutter.circle(A, || Some(2)), None);
        let longer = Act::Sleep(Duration::from_millis(20));
        assert_eq!(after(&[asked(1, 0), sleep, asked(1, 0), longer]).circle(A, || None), None);
    }

    /// Sleeping alone asks nobody, so only the clock of its program knows how long it goes on.
    #[test]
    fn sleeping_alone_is_no_circle() {
        let sleep = Act::Sleep(Duration::from_secs(1));
        assert_eq!(after(&[sleep, sleep]).circle(A, || None), None);
    }

    #[test]
    fn change_during_the_last_round_or_after_it_breaks_the_circle() {
        let mut stutter = after(&[asked(1, 0), asked(2, 0), asked(1, 0)]);
        stutter.raise();
        stutter.push(A, asked(2, 0));
        assert_eq!(stutter.circle(A, || Some(1)), None);
        let mut stutter = after(&[asked(1, 0), asked(1, 0)]);
        stutter.raise();
        assert_eq!(stutter.circle(A, || Some(1)), None);
        stutter.push(A, asked(1, 0));
        assert_eq!(stutter.circle(A, || Some(1)), Some(1), "one more round has seen the change");
    }

    #[test]
    fn memory_is_bounded() {
        let mut stutter = Stutter::default();
        for request in 0..1_000 {
            stutter.push(A, asked(request, 0));
        }
        assert_eq!(stutter.turns[&A].len(), 2 * PERIOD_MAX);
    }
}
