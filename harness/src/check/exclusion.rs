//! Owns the question whether two workers were ever sure to hold the same lock at the same time.

use std::collections::BTreeMap;

use super::linearizability::words;
use super::{Opinion, telling};
use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;

/// What a worker held, as far as that is certain.
#[derive(Debug)]
struct Hold<'a> {
    acquire: &'a Operation,
    from: u64,
    until: u64,
}

/// Whether no two workers held the same lock at the same time, judged on
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `acquire`, `lock` | the name of the lock, or nothing | any; refused if it was not obtained |
/// | `release`, `unlock` | the same | any |
///
/// Others are ignored. A worker holds a lock from the return of `acquire` to the invocation of as many `release` as it has acquired it, however
/// they end; without them, to the last that is heard of the worker. An `acquire` that is open is no hold. Whoever lets a lease expire must therefore
/// report a `release` when it does.
///
/// ```text
/// A  |acquire|==========|release|
/// B        |-- acquire --|===          both hold it at the end: broken
/// ```
#[must_use]
pub fn mutual_exclusion(operations: &[Operation]) -> Opinion {
    for holds in holds(operations).values_mut() {
        holds.sort_by_key(|hold| hold.from);
        // Of all holds before, the one that lasts longest: whoever overlaps any of them overlaps it, or its own worker's.
        let mut longest: Option<&Hold<'_>> = None;
        for hold in &*holds {
            if let Some(other) = longest
                && other.acquire.worker != hold.acquire.worker
                && hold.from < other.until.min(hold.until)
            {
                let told = |hold: &Hold<'_>| {
                    format!("\n  {}, held until {}", telling::operation(hold.acquire), hold.until)
                };
                return Opinion::Broken(format!(
                    "two hold it at the same time:{}{}",
                    told(other),
                    told(hold)
                ));
            }
            if longest.is_none_or(|longest| longest.until < hold.until) {
                longest = Some(hold);
            }
        }
    }
    Opinion::Holds
}

/// The holds of each lock.
fn holds(operations: &[Operation]) -> BTreeMap<&str, Vec<Hold<'_>>> {
    let mut ordered: Vec<_> = operations.iter().collect();
    ordered.sort_by_key(|operation| operation.invoked);
    let mut last_heard: BTreeMap<WorkerId, u64> = BTreeMap::new();
    for operation in operations {
        let heard = last_heard.entry(operation.worker).or_default();
        *heard = (*heard).max(operation.returned.unwrap_or(operation.invoked));
    }
    let mut holds: BTreeMap<&str, Vec<Hold<'_>>> = BTreeMap::new();
    // How often each worker has acquired what it holds, since when.
    let mut held: BTreeMap<(&str, WorkerId), (u32, &Operation, u64)> = BTreeMap::new();
    for operation in ordered {
        let lock = words(&operation.argument).next().unwrap_or_default();
        let place = (lock, operation.worker);
        match (operation.name.as_str(), &operation.end, operation.returned) {
            ("acquire" | "lock", OperationEnd::Ok(_), Some(returned)) => {
                held.entry(place).or_insert((0, operation, returned)).0 += 1;
            }
            ("release" | "unlock", ..) => {
                if let Some((times, acquire, from)) = held.remove(&place) {
                    if times > 1 {
                        held.insert(place, (times - 1, acquire, from));
                    } else {
                        holds.entry(lock).or_default().push(Hold { acquire, from, until: operation.invoked });
                    }
                }
            }
            _ => {}
        }
    }
    for ((lock, worker), (_, acquire, from)) in held {
        holds.entry(lock).or_default().push(Hold { acquire, from, until: last_heard[&worker] });
    }
    holds
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::check::sample::{ok, refused, unknown};

    fn holds_of(operations: &[Operation]) -> bool {
        mutual_exclusion(operations) == Opinion::Holds
    }

    #[test]
    fn second_holder_is_found_between_return_and_release() {
        let first = || [ok('A', "acquire l", "", 0, 1), ok('A', "release l", "", 6, 9)];
        let and = |more: &[Operation]| holds_of(&[&first()[..], more].concat());
        assert!(!and(&[ok('B', "acquire l", "", 2, 3), ok('B', "release l", "", 4, 5)]));
        // It may have obtained it while the first one released it.
        assert!(and(&[ok('B', "acquire l", "", 2, 7), ok('B', "release l", "", 10, 11)]));
        assert!(and(&[ok('B', "acquire m", "", 2, 3), ok('B', "release m", "", 4, 5)]));
        assert!(and(&[refused('B', "acquire l", 2, 3), unknown('C', "acquire l", 2)]));
    }

    #[test]
    fn lock_that_is_not_released_is_held_until_the_last_that_is_heard() {
        let first = ok('A', "acquire", "", 0, 1);
        let second = [ok('B', "acquire", "", 4, 5), ok('B', "release", "", 8, 9)];
        assert!(holds_of(&[&[first.clone()], &second[..]].concat()));
        let told = mutual_exclusion(&[&[first, ok('A', "write", "", 2, 7)], &second[..]].concat());
        let text = "two hold it at the same time:\n  A acquire ok [0, 1], held until 7\n  B acquire ok [4, 5], held until 8";
        assert_eq!(told, Opinion::Broken(text.to_owned()));
    }

    #[test]
    fn lock_acquired_twice_is_held_until_it_is_released_twice() {
        let twice = [ok('A', "lock", "", 0, 1), ok('A', "lock", "", 2, 3), ok('A', "unlock", "", 4, 5)];
        let second = [ok('B', "lock", "", 6, 7), ok('B', "unlock", "", 10, 11)];
        assert!(!holds_of(&[&twice[..], &second, &[ok('A', "unlock", "", 12, 13)]].concat()));
        assert!(holds_of(&[&twice[..], &[ok('A', "unlock", "", 5, 6)], &second].concat()));
    }

    proptest! {
        /// Who holds it is asked between any two events.
        #[test]
        fn exclusion_is_judged_as_at_every_moment(all in vec((0..3_u8, 0..5_u8, 1..4_u64, 1..4_u64), 0..10)) {
            let mut clocks = [0_u64; 3];
            let mut depth = [0_u8; 3];
            let mut operations = Vec::new();
            for (worker, end, wait, length) in all {
                let clock = &mut clocks[usize::from(worker)];
                let (from, to) = (*clock + wait, *clock + wait + length);
                *clock = to;
                let depth = &mut depth[usize::from(worker)];
                let name = if *depth == 0 || end == 4 { "acquire" } else { "release" };
                let letter = char::from(b'A' + worker);
                operations.push(match (name, end) {
                    (_, 0) => unknown(letter, name, from),
                    (_, 1) => refused(letter, name, from, to),
                    _ => ok(letter, name, "", from, to),
                });
                match (name, end) {
                    ("acquire", 2..) => *depth += 1,
                    ("release", _) => *depth -= 1,
                    _ => {}
                }
            }
            let all = holds(&operations);
            let all: Vec<_> = all.values().flatten().collect();
            let is_clear = (0..60).all(|moment| {
                let now = all.iter().filter(|hold| hold.from <= moment && moment < hold.until);
                let mut holders: Vec<_> = now.map(|hold| hold.acquire.worker).collect();
                holders.dedup();
                holders.len() <= 1
            });
            prop_assert_eq!(holds_of(&operations), is_clear);
        }
    }
}
