//! Tests of [`Systematic`] against systems small enough to try every schedule of.

mod continued;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::{ProptestConfig, Strategy as _, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::choice::Schedule;
use crate::explore::{Access, Footprint, Touch};
use crate::id::{ConnectionId, WorkerId};

/// Runs `workers` that each take `steps` steps under a search, and returns the schedules in order.
fn schedules(mut search: Systematic, workers: u16, steps: usize) -> Vec<Schedule> {
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
    let all = schedules(Systematic::new(None, false), 3, 2);
    assert_eq!(all.len(), 90);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 90);
    assert_eq!(all[0].to_string(), "A A B B C C");
    // What needs no preemption and what needs one take turns.
    assert_eq!(all[1].to_string(), "A B B A C C");
    assert_eq!(all[2].to_string(), "B B A A C C");
}

/// Few preemptions come first, and many have their share: neither waits until all of the other kind are tried.
#[test]
fn few_preemptions_come_first_and_many_are_not_last() {
    let all = schedules(Systematic::new(None, false), 2, 5);
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
    let mut search = Systematic::new(Some(0), false);
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
        let preempted =
            |index: &usize| turns[*index] != turns[index - 1] && turns[*index..].contains(&turns[index - 1]);
        (1..turns.len()).filter(preempted).count()
    };
    let all: BTreeSet<_> = schedules(Systematic::new(None, false), 3, 2).into_iter().collect();
    for bound in 0..5 {
        let bounded: BTreeSet<_> = schedules(Systematic::new(Some(bound), false), 3, 2).into_iter().collect();
        let expected: BTreeSet<_> =
            all.iter().filter(|schedule| preemptions(schedule) <= bound).cloned().collect();
        assert_eq!(bounded, expected, "bound {bound}");
    }
}

#[test]
fn other_options_at_a_repeated_point_are_a_mismatch() {
    let option = |worker| Choice::Run(ConnectionId { worker: WorkerId(worker), ordinal: 0 });
    let mut search = Systematic::new(None, false);
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
    let mut search = Systematic::new(None, false);
    assert!(search.begin());
    search.choose(&Point { options: &option, previous: None });
    assert!(search.begin());
    assert!(search.end(0).is_err());
}

/// Models of one property: each is searched several times.
const CASES: u32 = 100;

/// What one step of a program does to a variable.
#[derive(Debug, Clone, Copy)]
enum Act {
    Read(u8),
    Write(u8),
    /// Writes one more than was read last, whatever is there.
    WriteNext(u8),
    /// Reads one and writes it back, raised by one.
    Raise(u8),
}

/// Programs over shared variables, of which one worker may crash, while time, on which every step depends, may pass once.
#[derive(Debug, Clone)]
struct Model {
    programs: Vec<Vec<Act>>,
    has_crash: bool,
    /// Time may pass once this many steps were taken by the first worker.
    time_after: Option<usize>,
}

/// One execution of a model: what each worker saw, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Course {
    seen: Vec<Vec<u8>>,
    variables: BTreeMap<u8, u8>,
    crashed: Vec<bool>,
    passed: bool,
}

impl Model {
    fn options(&self, course: &Course) -> Vec<Choice> {
        let mut options = Vec::new();
        let can_break = self.has_crash && !course.crashed.contains(&true);
        for (worker, program) in self.programs.iter().enumerate() {
            if course.seen[worker].len() < program.len() && !course.crashed[worker] {
                let worker = WorkerId(u16::try_from(worker).expect("few"));
                options.push(Choice::Run(ConnectionId { worker, ordinal: 0 }));
                options.extend(can_break.then_some(Choice::Crash(worker)));
            }
        }
        let is_due = |after| course.seen.first().is_some_and(|seen| seen.len() >= after);
        let may_pass = self.time_after.is_some_and(is_due) && !course.passed && !options.is_empty();
        options.extend(may_pass.then_some(Choice::Advance));
        options.sort();
        options
    }

    fn take(&self, course: &mut Course, choice: Choice) -> Transition {
        let Choice::Run(ConnectionId { worker, .. }) = choice else {
            let turn = choice.worker();
            match turn {
                Some(worker) => course.crashed[worker.index()] = true,
                None => course.passed = true,
            }
            let finishes = turn.is_some() && self.time_after.is_some();
            return Transition {
                turn,
                is_total: turn.is_none(),
                finishes,
                enables: finishes,
                ..Transition::default()
            };
        };
        let act = self.programs[worker.index()][course.seen[worker.index()].len()];
        let (Act::Read(name) | Act::Write(name) | Act::WriteNext(name) | Act::Raise(name)) = act;
        let number = u8::try_from(worker.index()).expect("few") + 1 + 100 * u8::from(course.passed);
        let value = course.variables.entry(name).or_default();
        let next = course.seen[worker.index()].last().map_or(1, |seen| seen.wrapping_add(1));
        // A write does not see what it replaces.
        let (seen, access) = match act {
            Act::Read(_) => (*value, Access::Reads),
            Act::Raise(_) => (std::mem::replace(value, value.wrapping_add(1)), Access::Writes),
            Act::Write(_) | Act::WriteNext(_) => {
                *value = if matches!(act, Act::Write(_)) { number } else { next };
                (*value, Access::Merges(Bytes::copy_from_slice(&[*value])))
            }
        };
        course.seen[worker.index()].push(seen);
        let touch = Touch { object: Some(Bytes::copy_from_slice(&[name])), part: None, access };
        let footprints = vec![(0, Footprint(vec![touch]))];
        let is_over = course.seen[worker.index()].len() == self.programs[worker.index()].len();
        let finishes = is_over && self.time_after.is_some();
        Transition { turn: Some(worker), footprints, finishes, enables: finishes, ..Transition::default() }
    }

    /// All courses that a search comes to, and how many executions it made, those included that it cut.
    fn explore(&self, mut search: Systematic) -> (BTreeSet<Course>, usize, usize) {
        let (mut courses, mut executions, mut cut) = (BTreeSet::new(), 0, 0);
        while search.begin() {
            let count = self.programs.len();
            let mut course =
                Course { seen: vec![Vec::new(); count], crashed: vec![false; count], ..Course::default() };
            let (mut previous, mut steps) = (None, 0);
            let is_whole = loop {
                let options = self.options(&course);
                if options.is_empty() {
                    search.end(steps).expect("ends where it ended before");
                    break true;
                }
                match search.choose(&Point { options: &options, previous }) {
                    Decision::Take(index) => {
                        previous = options[index].turn().or(previous);
                        let transition = self.take(&mut course, options[index]);
                        search.observe(transition);
                        steps += 1;
                    }
                    Decision::Redundant => break false,
                    other => panic!("a deterministic system never comes to {other:?}"),
                }
            };
            if search.is_elsewhere() {
                continue;
            }
            executions += 1;
            if is_whole {
                courses.insert(course);
            } else {
                cut += 1;
            }
        }
        assert!(search.exhausted());
        (courses, executions, cut)
    }
}

fn any_act() -> impl proptest::strategy::Strategy<Value = Act> {
    (0..4u8, 0..3u8).prop_map(|(kind, name)| match kind {
        0 => Act::Read(name),
        1 => Act::Write(name),
        2 => Act::WriteNext(name),
        _ => Act::Raise(name),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// The reduction loses nothing: the same things are seen and left, in no more executions.
    #[test]
    fn reduced_search_comes_to_all_that_the_full_one_comes_to(
        programs in proptest::collection::vec(proptest::collection::vec(any_act(), 0..4), 1..4),
        has_crash in any::<bool>(),
        time_after in proptest::option::of(0..3usize),
    ) {
        let model = Model { programs, has_crash, time_after };
        let (all, full, _) = model.explore(Systematic::new(None, false));
        let (found, reduced, _) = model.explore(Systematic::new(None, true));
        prop_assert_eq!(found, all);
        prop_assert!(reduced <= full, "{} of {}", reduced, full);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// What the shards of a search come to is what the whole one comes to; each schedule, or class, is that of one shard.
    #[test]
    fn shards_together_are_the_whole_search(
        programs in proptest::collection::vec(proptest::collection::vec(any_act(), 0..4), 1..4),
        has_crash in any::<bool>(),
        time_after in proptest::option::of(0..3usize),
        reduces in any::<bool>(),
        count in 2..5u32,
    ) {
        let model = Model { programs, has_crash, time_after };
        let (all, executions, cut) = model.explore(Systematic::new(None, reduces));
        let (mut found, mut whole) = (BTreeSet::new(), 0);
        for shard in Shard::all(count) {
            let (some, executions, cut) = model.explore(Systematic::new(None, reduces).of_shard(shard));
            found.extend(some);
            whole += executions - cut;
        }
        prop_assert_eq!(found, all);
        prop_assert_eq!(whole, executions - cut);
    }
}

/// Three workers that read and then write one variable: 90 schedules, of which the order of neighbouring reads, and of writes
/// of the same value, does not matter: 25 classes.
#[test]
fn lost_update_of_three_workers_needs_a_third_of_the_schedules() {
    let model = Model {
        programs: vec![vec![Act::Read(0), Act::WriteNext(0)]; 3],
        has_crash: false,
        time_after: None,
    };
    let (all, full, _) = model.explore(Systematic::new(None, false));
    let (found, reduced, cut) = model.explore(Systematic::new(None, true));
    assert_eq!((full, found), (90, all));
    assert_eq!((reduced, cut), (25, 0));
}

/// Workers that have nothing to do with each other have one schedule.
#[test]
fn independent_workers_have_one_schedule() {
    let programs = (0..3).map(|name| vec![Act::Raise(name); 3]).collect();
    let model = Model { programs, has_crash: false, time_after: None };
    assert_eq!(model.explore(Systematic::new(None, true)).1, 1);
}
