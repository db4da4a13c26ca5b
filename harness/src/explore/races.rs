//! Owns the races of an execution: pairs of dependent steps of different workers that could have come the other way round.

use std::sync::Arc;

use super::Transition;
use crate::id::WorkerId;

/// A set of positions.
#[derive(Debug, Clone, Default)]
struct Positions(Vec<u64>);

impl Positions {
    fn has(&self, position: usize) -> bool {
        self.0.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    fn insert(&mut self, position: usize) {
        if self.0.len() <= position / 64 {
            self.0.resize(position / 64 + 1, 0);
        }
        self.0[position / 64] |= 1 << (position % 64);
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, theirs) in self.0.iter_mut().zip(&other.0) {
            *word |= theirs;
        }
    }
}

/// A race: to have it the other way round, one of `firsts` must go on where the step at `position` was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Race {
    pub(super) position: usize,
    /// Workers, each of which alone is enough, with the position of the step that it then takes; `None` for one that had not
    /// yet taken it when the execution was cut short.
    pub(super) firsts: Vec<(WorkerId, Option<usize>)>,
}

/// The races of an execution whose later step is at `from` or behind, in their order. A worker of `unfinished` is taken to be
/// about to do something that depends on everything.
///
/// After Abdulla, Aronsson, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction" (JACM
/// 2017): `firsts` are the initials of the steps that do not happen after the earlier step, with the later one at their end.
pub(super) fn races(steps: &[Arc<Transition>], from: usize, unfinished: &[WorkerId]) -> Vec<Race> {
    let mut races = Vec::new();
    // Before each step: the positions of those that happen before it.
    let mut before: Vec<Positions> = Vec::with_capacity(steps.len());
    for (later, step) in steps.iter().enumerate() {
        let mut known = Positions::default();
        for earlier in (0..later).rev() {
            if known.has(earlier) || !step.depends_on(&steps[earlier]) {
                continue;
            }
            known.add(&before[earlier]);
            known.insert(earlier);
            if later >= from && !step.is_last_resort && steps[earlier].turn != step.turn {
                let own = step.turn.filter(|_| !step.is_everywhere).map(|turn| (turn, Some(later)));
                let firsts = firsts(steps, &before, earlier, later, own, &known);
                races.extend(firsts.map(|firsts| Race { position: earlier, firsts }));
            }
        }
        before.push(known);
    }
    let is_last = |position: &usize| !before[*position..].iter().any(|known| known.has(*position));
    for worker in unfinished {
        for earlier in
            (0..steps.len()).filter(is_last).filter(|earlier| steps[*earlier].turn != Some(*worker))
        {
            let all = Positions(vec![u64::MAX; steps.len() / 64 + 1]);
            let firsts = firsts(steps, &before, earlier, steps.len(), Some((*worker, None)), &all);
            races.extend(firsts.map(|firsts| Race { position: earlier, firsts }));
        }
    }
    races
}

/// The initials of the steps between `earlier` and `later` that do not happen after `earlier`, and of the last one, which is
/// that of `last` and happens after `known`. `None` if there are none: what is nobody's turn is tried wherever it is possible, so
/// nothing is to be seen to but what must come before it.
fn firsts(
    steps: &[Arc<Transition>],
    before: &[Positions],
    earlier: usize,
    later: usize,
    last: Option<(WorkerId, Option<usize>)>,
    known: &Positions,
) -> Option<Vec<(WorkerId, Option<usize>)>> {
    let between: Vec<usize> = (earlier + 1..later).filter(|step| !before[*step].has(earlier)).collect();
    let is_first = |known: &Positions| !between.iter().any(|step| known.has(*step));
    let firsts = between.iter().filter(|step| is_first(&before[**step]));
    let firsts = firsts.filter_map(|step| Some((steps[*step].turn?, Some(*step))));
    let firsts: Vec<_> = firsts.chain(last.filter(|_| is_first(known))).collect();
    (!firsts.is_empty()).then_some(firsts)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::explore::{Access, Footprint, Touch};

    /// `Ax` writes x by worker A, `Bx?` reads it by B.
    fn steps(text: &str) -> Vec<Arc<Transition>> {
        let step = |word: &str| {
            let bytes = word.as_bytes();
            let object = Some(Bytes::copy_from_slice(&bytes[1..2]));
            let access = if bytes.len() == 2 { Access::Writes } else { Access::Reads };
            let touch = Touch { object, part: None, access };
            let turn = Some(WorkerId(u16::from(bytes[0] - b'A')));
            let footprints = vec![(0, Footprint(vec![touch]))];
            Arc::new(Transition { turn, footprints, ..Transition::default() })
        };
        text.split_whitespace().map(step).collect()
    }

    /// Each race as `position:firsts`.
    fn told(text: &str, from: usize, unfinished: &[WorkerId]) -> Vec<String> {
        let told = |Race { position, firsts }: Race| {
            let firsts: Vec<_> = firsts.iter().map(|(worker, _)| worker.to_string()).collect();
            format!("{position}:{}", firsts.join(""))
        };
        races(&steps(text), from, unfinished).into_iter().map(told).collect()
    }

    #[test]
    fn reads_do_not_race_and_writes_do() {
        assert!(told("Ax? Bx?", 0, &[]).is_empty());
        assert!(told("Ax By", 0, &[]).is_empty());
        assert_eq!(told("Ax Bx", 0, &[]), ["0:B"]);
        assert_eq!(told("Ax Bx?", 0, &[]), ["0:B"]);
    }

    /// The first step of A happens before the second, which happens before that of B: only neighbours race.
    #[test]
    fn only_neighbours_race() {
        assert_eq!(told("Ax Ax Bx", 0, &[]), ["1:B"]);
    }

    /// To have B's write of x before A's, B must first do what comes before it.
    #[test]
    fn firsts_are_what_can_begin_the_other_order() {
        assert_eq!(told("Ax By Bx", 0, &[]), ["0:B"]);
        assert_eq!(told("Ax Cy By Bx", 0, &[]), ["1:B", "0:C"]);
        assert_eq!(told("Ax Cz By Bx", 0, &[]), ["0:CB"]);
    }

    #[test]
    fn races_of_former_executions_are_not_told_again() {
        assert_eq!(told("Ax Bx Ax", 2, &[]), ["1:A"]);
    }

    /// Time is tried wherever it may pass; to have it before A's step, B must first do what lets it pass.
    #[test]
    fn what_comes_before_time_is_tried_before_what_does_not() {
        let with_time = |text: &str| {
            let mut all = steps(text);
            all.push(Arc::new(Transition { is_total: true, ..Transition::default() }));
            races(&all, 0, &[])
        };
        let firsts = vec![(WorkerId(1), Some(1))];
        assert_eq!(with_time("Ax By"), [Race { position: 0, firsts }]);
        assert_eq!(with_time("Ax"), []);
    }

    /// Whatever C was about to do may have to come before the last steps.
    #[test]
    fn unfinished_worker_races_with_what_nothing_follows() {
        assert_eq!(told("Ax By", 2, &[WorkerId(2)]), ["0:B", "1:C"]);
    }
}
