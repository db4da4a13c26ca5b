//! Owns [`DepthFirst`]: every schedule once, optionally with a bound on preemptions.

use std::collections::VecDeque;

use super::{Decision, Point, Strategy, tell};
use crate::choice::Choice;

/// Most beginnings that are put off; further ones are tried where they are met.
const PUT_OFF_MAX: usize = 100_000;

/// Stateless depth-first search in the manner of `VeriSoft` and CHESS: each execution repeats the choices of the
/// one before it up to the deepest point with an untried option, and takes that one.
///
/// A fault, or a passing of time without need, multiplies the schedules. So the beginnings of schedules that have one are put
/// off. Every other execution belongs to the search among the schedules without any; in between, the searches behind the beginnings
/// that were put off take turns, the oldest first. So neither a fault nor an order of requests waits until all of the other kind
/// are tried.
///
/// Each schedule is tried once. With a bound, schedules with more preemptions are left out (Musuvathi
/// and Qadeer, "Iterative Context Bounding", PLDI 2007). Memory grows with the length of a schedule and with what is put
/// off.
#[derive(Debug, Default)]
pub struct DepthFirst {
    preemption_bound: Option<usize>,
    /// The search among the schedules that need nothing extra.
    plain: Search,
    /// The searches behind what was put off.
    put_off: VecDeque<Search>,
    turn: Turn,
    /// The choices of the running execution.
    taken: Vec<Choice>,
    started: bool,
}

/// Which search the running execution belongs to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Turn {
    #[default]
    Plain,
    /// The first of those that were put off.
    PutOff,
}

/// A depth-first search of all schedules with the same beginning.
#[derive(Debug, Default)]
struct Search {
    beginning: Beginning,
    /// The points behind the beginning.
    stack: Vec<Node>,
    exhausted: bool,
}

/// How a schedule begins.
#[derive(Debug, Default)]
struct Beginning {
    choices: Vec<Choice>,
    preemptions: usize,
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
        let Search { beginning, stack, .. } = self.search();
        let preemptions_before = stack.last().map_or(beginning.preemptions, |node| node.preemptions);
        let left = self.preemption_bound.map(|bound| bound.saturating_sub(preemptions_before));
        let allowed = |index: &usize| left != Some(0) || !point.preempts(point.options[*index]);
        let mut order: Vec<usize> = point.preferred().into_iter().filter(allowed).collect();
        assert!(!order.is_empty(), "letting the previous worker go on is never a preemption");
        let needed = order.iter().filter(|index| !is_extra(point.options[**index])).count().max(1);
        if self.put_off.len() < PUT_OFF_MAX {
            for extra in order.drain(needed..) {
                let choices = self.taken.iter().copied().chain([point.options[extra]]).collect();
                // Neither time nor a fault is a preemption.
                let beginning = Beginning { choices, preemptions: preemptions_before };
                self.put_off.push_back(Search { beginning, ..Search::default() });
            }
        }
        let mut node =
            Node { options: point.options.to_vec(), order, current: 0, preemptions: 0, preemptions_before };
        node.count(point);
        let taken = node.order[0];
        self.search_mut().stack.push(node);
        taken
    }

    fn search(&self) -> &Search {
        match self.turn {
            Turn::Plain => &self.plain,
            Turn::PutOff => self.put_off.front().expect("it has its turn only if there is one"),
        }
    }

    fn search_mut(&mut self) -> &mut Search {
        match self.turn {
            Turn::Plain => &mut self.plain,
            Turn::PutOff => self.put_off.front_mut().expect("it has its turn only if there is one"),
        }
    }

    fn decide(&mut self, point: &Point<'_>) -> Decision {
        let depth = self.taken.len();
        let Search { beginning, stack, .. } = self.search_mut();
        if let Some(wanted) = beginning.choices.get(depth) {
            let found = point.options.iter().position(|option| option == wanted);
            let missing = || format!("possible before: {wanted}; possible now: {}", tell(point.options));
            return found.map_or_else(|| Decision::Mismatch(missing()), Decision::Take);
        }
        let Some(node) = stack.get_mut(depth - beginning.choices.len()) else {
            return Decision::Take(self.visit(point));
        };
        if node.options != point.options {
            let (expected, found) = (tell(&node.options), tell(point.options));
            return Decision::Mismatch(format!("possible before: {expected}; possible now: {found}"));
        }
        node.count(point);
        Decision::Take(node.order[node.current])
    }

    /// Moves the search of the last execution on; of those that were put off, to the end of the queue.
    fn move_on(&mut self) {
        self.search_mut().move_on();
        if self.turn == Turn::PutOff
            && let Some(search) = self.put_off.pop_front().filter(|search| !search.exhausted)
        {
            self.put_off.push_back(search);
        }
    }
}

impl Search {
    /// Goes on to the deepest point with an untried option.
    fn move_on(&mut self) {
        while let Some(node) = self.stack.last_mut() {
            if node.current + 1 < node.order.len() {
                node.current += 1;
                return;
            }
            self.stack.pop();
        }
        self.exhausted = true;
    }
}

/// Whether a choice is put off where another is possible; those come last in the order of trying.
fn is_extra(choice: Choice) -> bool {
    choice == Choice::Advance || choice.fault().is_some()
}

impl Node {
    fn count(&mut self, point: &Point<'_>) {
        let option = self.options[self.order[self.current]];
        self.preemptions = self.preemptions_before + usize::from(point.preempts(option));
    }
}

impl Strategy for DepthFirst {
    fn begin(&mut self) -> bool {
        self.taken.clear();
        if !self.started {
            self.started = true;
            return true;
        }
        self.move_on();
        let is_their_turn = self.turn == Turn::Plain || self.plain.exhausted;
        self.turn = if is_their_turn && !self.put_off.is_empty() { Turn::PutOff } else { Turn::Plain };
        !self.exhausted()
    }

    fn rewind(&mut self) {
        self.taken.clear();
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        let decision = self.decide(point);
        if let Decision::Take(index) = decision {
            self.taken.push(point.options[index]);
        }
        decision
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        let Search { beginning, stack, .. } = self.search();
        if let Some(wanted) = beginning.choices.get(steps) {
            return Err(format!("possible before: {wanted}; now it is the end"));
        }
        match stack.get(steps - beginning.choices.len()) {
            Some(node) => Err(format!("possible before: {}; now it is the end", tell(&node.options))),
            None => Ok(()),
        }
    }

    fn exhausted(&self) -> bool {
        self.started && self.plain.exhausted && self.put_off.is_empty()
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

    /// One worker of two steps, and one fault or one passing of time at any point before the end: each schedule once, and those
    /// without anything extra first.
    #[test]
    fn what_is_extra_is_put_off_and_every_schedule_tried_once() {
        let run = Choice::Run(ConnectionId { worker: WorkerId(0), ordinal: 0 });
        let mut search = DepthFirst::new(Some(0));
        let mut found = Vec::new();
        while search.begin() {
            let (mut left, mut schedule) = (2, Schedule::default());
            while left > 0 {
                let mut options = vec![run];
                if schedule.0.len() + left == 2 {
                    options.extend([Choice::Advance, Choice::Crash(WorkerId(1))]);
                }
                let previous = schedule.0.iter().rev().find_map(|choice| choice.turn());
                let Decision::Take(taken) = search.choose(&Point { options: &options, previous }) else {
                    panic!("a deterministic system never mismatches");
                };
                left -= usize::from(options[taken] == run);
                schedule.0.push(options[taken]);
            }
            search.end(schedule.0.len()).expect("ends where it ended before");
            found.push(schedule.to_string());
        }
        assert!(search.exhausted());
        assert_eq!(found, ["A A", "+ A A", "B~ A A", "A + A", "A B~ A"]);
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
