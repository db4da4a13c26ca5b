//! Owns what locks promise, judged from the history and from what they protect.

use raceproof::history::{Operation, OperationEnd};
use raceproof::{Invariant, View};

use super::guarded::{HOLD, IN_THE_END, RESOURCE, SECTION};
use crate::{operations, rows};

/// Who holds the lock and lives: a crashed worker does nothing any more with what it believes.
pub(super) fn held<'a>(view: &'a View<'_>) -> Vec<&'a Operation> {
    let is_held = |hold: &&Operation| hold.name == HOLD && hold.end == OperationEnd::Open;
    view.operations.iter().filter(is_held).filter(|hold| !view.has_crashed(hold.worker)).collect()
}

/// The lock's name; a lease may follow.
fn name(hold: &Operation) -> &str {
    hold.argument.split(' ').next().unwrap_or_default()
}

/// Mutual exclusion, as the workers see it.
pub(super) fn mutual_exclusion() -> Invariant {
    Invariant::new("at most one worker at a time believes that it holds the lock", |view: &View<'_>| {
        let held = held(view);
        let two = held.iter().enumerate().find_map(|(place, first)| {
            held[place + 1..].iter().find(|second| name(second) == name(first)).map(|second| (first, second))
        });
        two.map_or(Ok(()), |(first, second)| {
            Err(format!("{} and {} both hold `{}`", first.worker, second.worker, name(first)))
        })
    })
}

/// The same, judged once in the end: what is read after every step has its price where there are many stores.
pub(super) fn mutual_exclusion_in_the_end() -> Invariant {
    Invariant::new(
        "no two workers have believed at the same time that they hold the lock",
        |view: &View<'_>| {
            let is_known = |hold: &&Operation| hold.returned.is_some() || !view.has_crashed(hold.worker);
            let holds: Vec<_> =
                view.operations.iter().filter(|hold| hold.name == HOLD).filter(is_known).collect();
            let meets = |first: &Operation, second: &Operation| {
                name(first) == name(second) && first.returned.is_none_or(|end| second.invoked < end)
            };
            let two = holds.iter().enumerate().find_map(|(place, first)| {
                holds[place + 1..].iter().find(|second| meets(first, second)).map(|second| (first, second))
            });
            two.map_or(Ok(()), |(first, second)| {
                Err(format!("{} took `{}` while {} held it", second.worker, name(second), first.worker))
            })
        },
    )
}

/// When a lease begins and ends, in milliseconds, as the hold's argument tells it.
fn lease(hold: &Operation) -> Option<(u64, u64)> {
    let (from, until) = hold.argument.split(' ').nth(1)?.split_once("..")?;
    Some((from.parse().ok()?, until.parse().ok()?))
}

/// What a lock with a time limit can promise at most: while somebody's lease runs, nobody else gets one.
pub(super) fn leases_apart() -> Invariant {
    Invariant::new("while a lease runs, nobody else is given one", |view: &View<'_>| {
        let held: Vec<_> = held(view).into_iter().filter_map(|hold| Some((hold, lease(hold)?))).collect();
        let two = held.iter().enumerate().find_map(|(place, (first, (_, until)))| {
            let overlaps = |(second, (from, _)): &&(&Operation, (u64, u64))| {
                first.worker != second.worker && from < until
            };
            held[place + 1..].iter().find(overlaps).map(|(second, _)| (first, second))
        });
        two.map_or(Ok(()), |(first, second)| {
            Err(format!(
                "{} was given `{}` while {} had `{}`",
                second.worker, second.argument, first.worker, first.argument
            ))
        })
    })
}

/// How many sections have certainly worked, and how many may have.
fn sections(view: &View<'_>) -> (i64, i64) {
    let done = operations::done(view, SECTION);
    let open = i64::try_from(operations::open(view, SECTION)).expect("an execution has few operations");
    (done, done + open)
}

fn judge_sections(view: &View<'_>, value: Option<i64>) -> Result<(), String> {
    let (least, most) = sections(view);
    match value {
        Some(value) if (least..=most).contains(&value) => Ok(()),
        other => Err(format!("{least} sections were done, and the resource counts {other:?}")),
    }
}

/// Mutual exclusion, as a number in Redis that is read and written back sees it.
pub(super) fn no_lost_update() -> Invariant {
    Invariant::new("every section that was done counts in the resource", |view: &View<'_>| {
        judge_sections(view, view.state.integer(RESOURCE))
    })
}

/// The same for a row in Postgres.
pub(super) fn no_lost_update_in_row() -> Invariant {
    Invariant::new("every section that was done counts in the row", |view: &View<'_>| {
        judge_sections(view, Some(rows::sum(view, RESOURCE, "n")))
    })
}

/// No lock is held for ever: when all have ended or crashed, somebody new can take it, unless a live worker has it.
pub(super) fn taken_in_the_end() -> Invariant {
    Invariant::new("in the end the lock can be taken again", |view: &View<'_>| {
        let attempts = || view.operations.iter().filter(|attempt| attempt.name == IN_THE_END);
        let is_taken = |attempt: &Operation| matches!(attempt.end, OperationEnd::Ok(_));
        match held(view).first() {
            None if !attempts().all(is_taken) => {
                Err(format!("nobody holds it, and it cannot be taken; the stores hold {}", view.state))
            }
            _ => Ok(()),
        }
    })
}

/// A lock that everybody has given back leaves nothing behind under `key`.
pub(super) fn free_when_given_back(key: &'static str) -> Invariant {
    Invariant::new("a lock that everybody has given back is free", move |view: &View<'_>| {
        match (held(view).is_empty(), view.state.get(key)) {
            (true, Some(left)) => Err(format!("nobody holds `{key}`, which is still {left}")),
            _ => Ok(()),
        }
    })
}
