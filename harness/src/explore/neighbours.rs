//! Owns the schedules that are one change away from another, and how far two schedules are apart. Which of them passes is
//! found out by running them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::omissions;
use crate::choice::{Choice, Schedule};
use crate::id::WorkerId;

/// About how many moves of single choices are made; in a long schedule choices are moved less far.
const MOVES_MAX: usize = 4_096;
/// Most workers of which all orders are made.
const SERIAL_WORKERS_MAX: usize = 4;

/// What makes one schedule closer to another than a third is: fewer changes; of as many the one that begins to differ later;
/// then the order of schedules.
pub type Closeness = (usize, Reverse<usize>, Schedule);

/// How close `other` is to `schedule`.
#[must_use]
pub fn closeness(schedule: &Schedule, other: &Schedule) -> Closeness {
    (distance(schedule, other), Reverse(agreement(schedule, other)), other.clone())
}

/// How close `other` is to `schedule` which a violation cut short, so that what `other` does afterwards does not count.
#[must_use]
pub fn closeness_of_beginning(schedule: &Schedule, other: &Schedule) -> Closeness {
    let fewest = changes(&schedule.0, &other.0).into_iter().min().unwrap_or(0);
    (fewest, Reverse(agreement(schedule, other)), other.clone())
}

/// The fewest choices to be left out, put in or replaced to make one schedule of the other (Levenshtein).
#[must_use]
pub fn distance(schedule: &Schedule, other: &Schedule) -> usize {
    // What both begin and end with changes nothing, and is most of it.
    let (mut one, mut two) = (schedule.0.as_slice(), other.0.as_slice());
    while let ([first, rest @ ..], [second, others @ ..]) = (one, two)
        && first == second
    {
        (one, two) = (rest, others);
    }
    while let ([rest @ .., first], [others @ .., second]) = (one, two)
        && first == second
    {
        (one, two) = (rest, others);
    }
    changes(one, two).last().copied().unwrap_or(0)
}

/// How many choices two schedules begin with together.
#[must_use]
pub fn agreement(schedule: &Schedule, other: &Schedule) -> usize {
    schedule.0.iter().zip(&other.0).take_while(|(one, two)| one == two).count()
}

/// The fewest changes that make each beginning of `two` of the whole of `one`, the empty beginning first.
fn changes(one: &[Choice], two: &[Choice]) -> Vec<usize> {
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (taken, choice) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = taken + 1;
        for (index, other) in two.iter().enumerate() {
            let replaced = diagonal + usize::from(choice != other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row
}

/// Schedules that differ from `schedule` in one thing, the closest first: one choice or one block of a worker's choices comes
/// earlier or later, one fault, split or passing of time is left out. Last come those in which no worker interrupts another.
#[must_use]
pub fn neighbours(schedule: &Schedule) -> Vec<Schedule> {
    let changed = omissions(schedule)
        .into_iter()
        .chain(whole_later(schedule))
        .chain(choices_moved(schedule))
        .chain(blocks_moved(schedule))
        .chain(serial(schedule));
    let different: BTreeSet<Closeness> =
        changed.filter(|other| other != schedule).map(|other| closeness(schedule, &other)).collect();
    different.into_iter().map(|(_, _, other)| other).collect()
}

/// Each split request executed whole where it would have gone on.
fn whole_later(schedule: &Schedule) -> Vec<Schedule> {
    let at = |position: usize| {
        let Choice::Split(connection) = schedule.0[position] else { return None };
        let mut changed = schedule.clone();
        let resumed =
            changed.0[position..].iter().position(|choice| *choice == Choice::Resume(connection))?;
        changed.0[position + resumed] = Choice::Run(connection);
        changed.0.remove(position);
        Some(changed)
    };
    (0..schedule.0.len()).filter_map(at).collect()
}

/// Each choice at each other place, as far as [`MOVES_MAX`] lets it.
fn choices_moved(schedule: &Schedule) -> Vec<Schedule> {
    let count = schedule.0.len();
    let reach = (MOVES_MAX / count.max(1)).max(1);
    let mut moved = Vec::new();
    for from in 0..count {
        for to in from.saturating_sub(reach)..count.min(from + reach + 1) {
            let mut changed = schedule.clone();
            let choice = changed.0.remove(from);
            changed.0.insert(to, choice);
            moved.push(changed);
        }
    }
    moved
}

/// Each block of a worker's choices before the block before it.
fn blocks_moved(schedule: &Schedule) -> Vec<Schedule> {
    let blocks: Vec<&[Choice]> = schedule.0.chunk_by(|left, right| left.worker() == right.worker()).collect();
    let swapped = |place: usize| {
        let mut swapped = blocks.clone();
        swapped.swap(place, place + 1);
        Schedule(swapped.concat())
    };
    (0..blocks.len().saturating_sub(1)).map(swapped).collect()
}

/// One worker after the other, in every order; what is nobody's stays in front.
fn serial(schedule: &Schedule) -> Vec<Schedule> {
    let workers: BTreeSet<WorkerId> = schedule.0.iter().filter_map(|choice| choice.worker()).collect();
    if workers.len() > SERIAL_WORKERS_MAX {
        return Vec::new();
    }
    let of =
        |worker: Option<WorkerId>| schedule.0.iter().copied().filter(move |choice| choice.worker() == worker);
    let serial = |order: Vec<WorkerId>| {
        Schedule(of(None).chain(order.into_iter().flat_map(|worker| of(Some(worker)))).collect())
    };
    orders(&workers).into_iter().map(serial).collect()
}

fn orders(workers: &BTreeSet<WorkerId>) -> Vec<Vec<WorkerId>> {
    if workers.is_empty() {
        return vec![Vec::new()];
    }
    let beginning_with = |first: &WorkerId| {
        let mut rest = workers.clone();
        rest.remove(first);
        let whole = |order: Vec<WorkerId>| [vec![*first], order].concat();
        orders(&rest).into_iter().map(whole).collect::<Vec<_>>()
    };
    workers.iter().flat_map(beginning_with).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(text: &str) -> Schedule {
        text.parse().expect("valid")
    }

    fn told(text: &str) -> Vec<String> {
        neighbours(&schedule(text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn closest_come_first_and_of_those_the_ones_that_differ_last() {
        assert_eq!(told("A B B A"), ["A B A B", "A A B B", "B A B A", "B B A A"]);
        assert_eq!(told("A + B"), ["A B", "A B +", "B A +", "+ A B", "+ B A"]);
        assert!(told("A").is_empty() && told("").is_empty());
    }

    #[test]
    fn faults_splits_and_time_are_left_out() {
        for (text, expected) in
            [("A? B", "A B"), ("A~ B", "B"), ("A + A", "A A"), ("A< B A>", "A B"), ("A< B A>", "B A")]
        {
            assert!(told(text).contains(&expected.to_owned()), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn block_comes_before_the_one_before_it() {
        assert!(told("A B B B C C C").contains(&"A C C C B B B".to_owned()));
        assert!(told("A B C A B C").contains(&"C C A A B B".to_owned()), "a serial one");
    }

    #[test]
    fn distance_counts_what_is_left_out_put_in_or_replaced() {
        let between = |one, two| distance(&schedule(one), &schedule(two));
        assert_eq!(between("A B B A", "A A B B"), 2);
        assert_eq!(between("A + B", "A B"), 1);
        assert_eq!(between("A? B", "A B"), 1);
        assert_eq!(between("", "A B"), 2);
        let cut = |one, two| closeness_of_beginning(&schedule(one), &schedule(two)).0;
        assert_eq!((cut("A B", "B A C C C"), between("A B", "B A C C C")), (1, 4));
    }

    /// A long schedule must not take forever: its choices are moved less far.
    #[test]
    fn number_of_neighbours_is_bounded() {
        let long = schedule(&"A B C ".repeat(300));
        assert!(neighbours(&long).len() < 4 * MOVES_MAX);
    }

    fn any() -> impl Strategy<Value = Schedule> {
        let choice = prop::sample::select(vec!["A", "B", "C", "+", "A~", "B?", "A<", "A>"]);
        prop::collection::vec(choice, 0..9).prop_map(|words| schedule(&words.join(" ")))
    }

    proptest! {
        /// What is called closest is: the order is that of the distance, nothing is there twice, nor the schedule itself.
        #[test]
        fn neighbours_are_in_order_and_different(from in any()) {
            let all = neighbours(&from);
            let keys: Vec<_> = all.iter().map(|other| closeness(&from, other)).collect();
            prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(!all.contains(&from));
        }

        /// Nothing is invented: a neighbour has the same choices, but for what is left out or becomes a plain request.
        #[test]
        fn neighbours_have_no_more_choices_faults_or_splits(from in any()) {
            for other in neighbours(&from) {
                prop_assert!(other.0.len() <= from.0.len());
                prop_assert!(other.faults() <= from.faults() && other.splits() <= from.splits());
                prop_assert!(other.advances() <= from.advances());
            }
        }

        /// A distance in the sense of mathematics, and agreeing with the definition by recursion.
        #[test]
        fn distance_agrees_with_its_definition(one in any(), two in any()) {
            fn slow(one: &[Choice], two: &[Choice]) -> usize {
                match (one, two) {
                    ([], rest) | (rest, []) => rest.len(),
                    ([first, rest @ ..], [second, others @ ..]) => {
                        let replaced = slow(rest, others) + usize::from(first != second);
                        replaced.min(slow(rest, two) + 1).min(slow(one, others) + 1)
                    }
                }
            }
            let (one, two) = (Schedule(one.0.into_iter().take(5).collect()), Schedule(two.0.into_iter().take(5).collect()));
            prop_assert_eq!(distance(&one, &two), slow(&one.0, &two.0));
            prop_assert_eq!(distance(&one, &two), distance(&two, &one));
            let nearest = (0..=two.0.len()).map(|end| slow(&one.0, &two.0[..end])).min();
            prop_assert_eq!(Some(closeness_of_beginning(&one, &two).0), nearest);
        }
    }
}
