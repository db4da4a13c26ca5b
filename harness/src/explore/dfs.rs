//! Owns [`DepthFirst`]: every schedule once, optionally with a bound on preemptions.

use super::{Decision, Point, Strategy, tell};
use crate::choice::Choice;

/// Stateless depth-first search in the manner of `VeriSoft` and CHESS: each execution repeats the choices of the
/// one before it up to the deepest point with an untried option, and takes that one.
///
/// Each schedule is tried once. With a bound, schedules with more preemptions are left out (Musuvathi
/// and Qadeer, "Iterative Context Bounding", PLDI 2007). Memory grows with the length of a schedule, not
/// with the number of executions.
#[derive(Debug, Default)]
pub struct DepthFirst {
    preemption_bound: Option<usize>,
    stack: Vec<Node>,
    depth: usize,
    started: bool,
    exhausted: bool,
}

#[derive(Debug)]
struct Node {
    /// What was possible, in canonical order; a repetition must find the same.
    options: Vec<Choice>,
    /// Positions in `options` that are to be tried, in order; never empty.
    order: Vec<usize>,
    /// Which of `order` is being tried; always in range.
    current: usize,
    /// Preemptions after taking the current one.
    preemptions: usize,
    /// Preemptions before this point.
    preemptions_before: usize,
}

impl DepthFirst {
    /// A search of all schedules with at most `preemption_bound` preemptions, or of all.
    #[must_use]
    pub fn new(preemption_bound: Option<usize>) -> Self {
        Self { preemption_bound, ..Self::default() }
    }

    fn visit(&mut self, point: &Point<'_>) -> usize {
        let preemptions_before = self.stack.last().map_or(0, |node| node.preemptions);
        let left = self.preemption_bound.map(|bound| bound.saturating_sub(preemptions_before));
        let allowed = |index: &usize| left != Some(0) || !point.preempts(point.options[*index]);
        let order: Vec<usize> = point.preferred().into_iter().filter(allowed).collect();
        assert!(!order.is_empty(), "letting the previous worker go on is never a preemption");
        let mut node =
            Node { options: point.options.to_vec(), order, current: 0, preemptions: 0, preemptions_before };
        node.count(point);
        let taken = node.order[0];
        self.stack.push(node);
        taken
    }
}

impl Node {
    fn count(&mut self, point: &Point<'_>) {
        let option = self.options[self.order[self.current]];
        self.preemptions = self.preemptions_before + usize::from(point.preempts(option));
    }
}

impl Strategy for DepthFirst {
    fn begin(&mut self) -> bool {
        self.depth = 0;
        if !self.started {
            self.started = true;
            return true;
        }
        while let Some(node) = self.stack.last_mut() {
            if node.current + 1 < node.order.len() {
                node.current += 1;
                return true;
            }
            self.stack.pop();
        }
        self.exhausted = true;
        false
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        let depth = self.depth;
        self.depth += 1;
        let Some(node) = self.stack.get_mut(depth) else {
            return Decision::Take(self.visit(point));
        };
        if node.options != point.options {
            let (expected, found) = (tell(&node.options), tell(point.options));
            return Decision::Mismatch(format!("possible before: {expected}; possible now: {found}"));
        }
        node.count(point);
        Decision::Take(node.order[node.current])
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        match self.stack.get(steps) {
            Some(node) => Err(format!("possible before: {}; now it is the end", tell(&node.options))),
            None => Ok(()),
        }
    }

    fn exhausted(&self) -> bool {
        self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::choice::Schedule;
    use crate::id::{ConnectionId, WorkerId};

    /// Runs `workers` that each take `steps` steps under a search, and returns the schedules in order.
    fn schedules(mut search: DepthFirst, workers: u16, steps: usize) -> Vec<Schedule> {
        let run = |worker| Choice::Run(ConnectionId { worker: WorkerId(worker), ordinal: 0 });
        let mut found = Vec::new();
        while search.begin() {
            let (mut left, mut schedule) = (vec![steps; usize::from(workers)], Schedule::default());
            let mut previous = None;
            while left.iter().any(|&steps| steps > 0) {
                let ready = (0..workers).filter(|&worker| left[usize::from(worker)] > 0);
                let options: Vec<Choice> = ready.map(run).collect();
                let Decision::Take(taken) = search.choose(&Point { options: &options, previous }) else {
                    panic!("a deterministic system never mismatches");
                };
                previous = options[taken].worker();
                left[previous.expect("a run").index()] -= 1;
                schedule.0.push(options[taken]);
            }
            search.end(schedule.0.len()).expect("ends where it ended before");
            found.push(schedule);
        }
        assert!(search.exhausted());
        found
    }

    /// 6! / (2!)^3 = 90: the multinomial is the number of interleavings, and a set has no duplicates.
    #[test]
    fn three_workers_of_two_steps_have_90_schedules() {
        let all = schedules(DepthFirst::new(None), 3, 2);
        assert_eq!(all.len(), 90);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 90);
        assert_eq!(all[0].to_string(), "A A B B C C");
        assert_eq!(all[1].to_string(), "A A B C C B");
    }

    /// With enough preemptions the bound loses nothing; with fewer it keeps exactly those within it.
    #[test]
    fn bound_keeps_exactly_the_schedules_within_it() {
        let preemptions = |schedule: &Schedule| {
            let turns: Vec<_> = schedule.0.iter().map(|choice| choice.worker()).collect();
            let preempted = |index: &usize| {
                turns[*index] != turns[index - 1] && turns[*index..].contains(&turns[index - 1])
            };
            (1..turns.len()).filter(preempted).count()
        };
        let all: BTreeSet<_> = schedules(DepthFirst::new(None), 3, 2).into_iter().collect();
        for bound in 0..5 {
            let bounded: BTreeSet<_> = schedules(DepthFirst::new(Some(bound)), 3, 2).into_iter().collect();
            let expected: BTreeSet<_> =
                all.iter().filter(|schedule| preemptions(schedule) <= bound).cloned().collect();
            assert_eq!(bounded, expected, "bound {bound}");
        }
    }

    #[test]
    fn other_options_at_a_repeated_point_are_a_mismatch() {
        let option = |worker| Choice::Run(ConnectionId { worker: WorkerId(worker), ordinal: 0 });
        let mut search = DepthFirst::new(None);
        assert!(search.begin());
        let two = [option(0), option(1)];
        assert_eq!(search.choose(&Point { options: &two, previous: None }), Decision::Take(0));
        assert!(search.begin());
        let one = [option(0)];
        let decision = search.choose(&Point { options: &one, previous: None });
        assert_eq!(decision, Decision::Mismatch("possible before: A B; possible now: A".into()));
    }

    #[test]
    fn earlier_end_than_before_is_reported() {
        let option = [Choice::Advance, Choice::Advance];
        let mut search = DepthFirst::new(None);
        assert!(search.begin());
        search.choose(&Point { options: &option, previous: None });
        assert!(search.begin());
        assert!(search.end(0).is_err());
    }
}
