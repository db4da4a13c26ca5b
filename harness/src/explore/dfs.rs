//! Owns [`DepthFirst`]: every schedule once, optionally with a bound on preemptions.

use super::agenda::{Agenda, Beginning, Node, Search};
use super::{Decision, Point, Strategy, tell};
use crate::choice::Choice;

/// Most beginnings that are put off; further ones are tried where they are met.
const PUT_OFF_MAX: usize = 100_000;

/// Stateless depth-first search in the manner of `VeriSoft` and CHESS: each execution repeats the choices of
/// one before it up to a point with an untried option, and takes that one.
///
/// Few things have to come together in most races, so schedules with few deviations come first (Musuvathi and Qadeer,
/// "Iterative Context Bounding", PLDI 2007). A preemption is a deviation, and so are a fault and a passing of time without
/// need. The beginning of a schedule with one deviation more is put off, to the others with as many. Every other execution
/// belongs to those with the fewest; in between, all numbers take turns, so that a race which needs many waits for no more than
/// its share.
///
/// Faults and pauses multiply the schedules. So every other execution belongs to the schedules without any, as long as there are
/// some: neither a fault nor an order of requests waits until all of the other kind are tried.
///
/// Each schedule is tried once. With a bound, schedules with more preemptions are left out. Memory grows with the length of a
/// schedule and with what is put off.
#[derive(Debug, Default)]
pub struct DepthFirst {
    preemption_bound: Option<usize>,
    /// The searches among the schedules that need nothing extra.
    plain: Agenda,
    /// Those with faults or pauses.
    extra: Agenda,
    /// The one to which the running execution belongs.
    search: Search,
    /// The choices of the running execution.
    taken: Vec<Choice>,
    started: bool,
}

impl DepthFirst {
    /// A search of all schedules with at most `preemption_bound` preemptions, or of all.
    #[must_use]
    pub fn new(preemption_bound: Option<usize>) -> Self {
        Self { preemption_bound, ..Self::default() }
    }

    fn visit(&mut self, point: &Point<'_>) -> usize {
        let Search { beginning, stack, .. } = &self.search;
        let preemptions_before = stack.last().map_or(beginning.preemptions, |node| node.preemptions);
        let mut order = self.allowed(point, preemptions_before);
        // Whoever was on when time went by was paused: it is the others' turn, and that is no further deviation.
        let paused = self.taken.last() == Some(&Choice::Advance);
        if paused {
            order.sort_by_key(|index| {
                let option = point.options[*index];
                (is_extra(option), point.previous.is_some() && option.turn() == point.previous)
            });
        }
        let mut is_first = true;
        order.retain(|index| {
            let option = point.options[*index];
            let deviates = is_extra(option) || (point.preempts(option) && !paused);
            let has_room = self.plain.count + self.extra.count < PUT_OFF_MAX;
            let is_kept = std::mem::take(&mut is_first) || !deviates || !has_room;
            if !is_kept {
                self.put_off(Search::behind(self.deviating(point, option, preemptions_before)));
            }
            is_kept
        });
        let taken = order[0];
        let mut node =
            Node { options: point.options.to_vec(), order, current: 0, preemptions: 0, preemptions_before };
        node.count(point);
        self.search.stack.push(node);
        taken
    }

    /// The positions of the options within the bound, in the order in which they are to be tried.
    fn allowed(&self, point: &Point<'_>, preemptions_before: usize) -> Vec<usize> {
        let left = self.preemption_bound.map(|bound| bound.saturating_sub(preemptions_before));
        let allowed = |index: &usize| left != Some(0) || !point.preempts(point.options[*index]);
        let order: Vec<usize> = point.preferred().into_iter().filter(allowed).collect();
        assert!(!order.is_empty(), "letting the previous worker go on is never a preemption");
        order
    }

    /// What was chosen so far, and then this.
    fn deviating(&self, point: &Point<'_>, option: Choice, preemptions_before: usize) -> Beginning {
        let before = &self.search.beginning;
        Beginning {
            choices: self.taken.iter().copied().chain([option]).collect(),
            preemptions: preemptions_before + usize::from(point.preempts(option)),
            deviations: before.deviations + 1,
            has_extra: before.has_extra || is_extra(option),
        }
    }

    fn put_off(&mut self, search: Search) {
        let agenda = if search.beginning.has_extra { &mut self.extra } else { &mut self.plain };
        agenda.add(search);
    }

    fn decide(&mut self, point: &Point<'_>) -> Decision {
        let depth = self.taken.len();
        let Search { beginning, stack, .. } = &mut self.search;
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
}

/// Whether a choice is a deviation whoever is on; those come last in the order of trying.
fn is_extra(choice: Choice) -> bool {
    choice == Choice::Advance || choice.fault().is_some()
}

impl Strategy for DepthFirst {
    fn begin(&mut self) -> bool {
        self.taken.clear();
        if !self.started {
            self.started = true;
            return true;
        }
        let mut search = std::mem::take(&mut self.search);
        search.move_on();
        let was_plain = !search.beginning.has_extra;
        if !search.exhausted {
            self.put_off(search);
        }
        let [first, second] =
            if was_plain { [&mut self.extra, &mut self.plain] } else { [&mut self.plain, &mut self.extra] };
        let Some(search) = first.next().or_else(|| second.next()) else {
            self.search.exhausted = true;
            return false;
        };
        self.search = search;
        true
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
        let Search { beginning, stack, .. } = &self.search;
        if let Some(wanted) = beginning.choices.get(steps) {
            return Err(format!("possible before: {wanted}; now it is the end"));
        }
        match stack.get(steps - beginning.choices.len()) {
            Some(node) => Err(format!("possible before: {}; now it is the end", tell(&node.options))),
            None => Ok(()),
        }
    }

    fn exhausted(&self) -> bool {
        self.search.exhausted
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
        // What needs no preemption and what needs one take turns.
        assert_eq!(all[1].to_string(), "A B B A C C");
        assert_eq!(all[2].to_string(), "A A C C B B");
    }

    /// Few preemptions come first, and many have their share: neither waits until all of the other kind are tried.
    #[test]
    fn few_preemptions_come_first_and_many_are_not_last() {
        let all = schedules(DepthFirst::new(None), 2, 5);
        let position =
            |text: &str| all.iter().position(|schedule| schedule.to_string() == text).expect("it is one");
        assert_eq!(all.len(), 252);
        assert!(position("A A B B B B B A A A") < 10, "one preemption");
        assert!(position("A B A B A B A B A B") < 126, "eight preemptions");
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
