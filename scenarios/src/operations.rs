//! Owns the promises about operations that families share.

use raceproof::history::OperationEnd;
use raceproof::{Invariant, View};

/// How many operations called `name` have not returned: they may or may not have taken effect.
pub(crate) fn open(view: &View<'_>, name: &str) -> usize {
    let is_open = |end: &OperationEnd| matches!(end, OperationEnd::Open | OperationEnd::Unknown(_));
    view.operations.iter().filter(|operation| operation.name == name && is_open(&operation.end)).count()
}

/// Every operation called `name` is accepted or refused; none ends in an error.
pub(crate) fn all_answered(name: &'static str) -> Invariant {
    Invariant::new(format!("every {name} is either accepted or refused"), move |view: &View<'_>| {
        match open(view, name) {
            0 => Ok(()),
            open => Err(format!("{open} ended in an error: nobody knows what became of it")),
        }
    })
}

/// At most `limit` operations called `name` take effect.
pub(crate) fn at_most(limit: usize, name: &'static str) -> Invariant {
    let times = if limit == 1 { "once".to_owned() } else { format!("{limit} times") };
    Invariant::new(format!("{name} succeeds at most {times}"), move |view: &View<'_>| {
        match view.count(name) {
            done if done <= limit => Ok(()),
            done => Err(format!("{done} succeeded; the stores hold {}", view.state)),
        }
    })
}

/// As a number; for comparing with what rows hold.
pub(crate) fn done(view: &View<'_>, name: &str) -> i64 {
    i64::try_from(view.count(name)).expect("an execution has few operations")
}
