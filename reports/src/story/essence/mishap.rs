//! Owns the sentence for violations that take more than an order: something that broke, time that passed, a statement in
//! the middle of which others came.

use raceproof::history::{Effect, Fault, Hit, Trace};
use raceproof::{Choice, WorkerId};

use super::naming;
use crate::story::difference::Difference;

/// What happened between which steps; `None` if nothing did that the closest execution that passes is without.
pub(super) fn sentence(trace: &Trace, difference: Option<&Difference>) -> Option<String> {
    let choices = &trace.schedule.0;
    let fault = trace.steps.iter().position(|step| matches!(step.effect, Effect::Fault { .. }));
    if let Some(at) = fault {
        return Some(format!("If {},", of_fault(trace, at)?));
    }
    let is = |wanted: fn(&Choice) -> bool| match difference {
        Some(Difference::LeftOut(at)) => choices.get(*at).filter(|choice| wanted(choice)).map(|_| *at),
        Some(Difference::Moved { first, second }) => [first, second]
            .into_iter()
            .map(|block| block.start)
            .find(|at| choices.get(*at).is_some_and(wanted)),
        Some(Difference::Instead(at)) => choices.get(*at).filter(|choice| wanted(choice)).map(|_| *at),
        None => choices.iter().position(&wanted),
        Some(Difference::Ends(_) | Difference::GoesOn) => None,
    };
    if let Some(at) = is(|choice| *choice == Choice::Advance) {
        return of_time(trace, at);
    }
    let split = choices.iter().position(|choice| matches!(choice, Choice::Split(_)))?;
    of_split(trace, split)
}

/// What broke, and where.
fn of_fault(trace: &Trace, at: usize) -> Option<String> {
    let Effect::Fault { fault, hit } = &trace.steps.get(at)?.effect else { return None };
    let step = at + 1;
    let request = hit.as_ref().map(whole);
    let before = |worker: WorkerId| (0..at).rev().find(|index| naming::turn(trace, *index) == Some(worker));
    let after = |worker: WorkerId| match before(worker) {
        Some(index) => format!(" after {}", naming::step(trace, index)),
        None => String::new(),
    };
    // Between the step before and the request that never came.
    let until = |worker: WorkerId, request: String| match before(worker) {
        Some(index) => {
            format!(" between {} and its {request}, which is not executed", naming::step(trace, index))
        }
        None => format!(" before its {request} is executed"),
    };
    let executed = hit.as_ref().is_some_and(|hit| hit.executed);
    Some(match (fault, request) {
        (Fault::Crash { worker }, None) => format!("{worker} crashes (step {step}){}", after(*worker)),
        (Fault::Crash { worker }, Some(request)) if executed => {
            format!("{worker} crashes (step {step}) while its {request} is executed")
        }
        (Fault::Crash { worker }, Some(request)) => {
            format!("{worker} crashes (step {step}){}", until(*worker, request))
        }
        (Fault::Drop { connection }, Some(request)) => {
            format!("{connection}'s connection ends (step {step}){}", until(connection.worker, request))
        }
        (Fault::LostReply { connection }, Some(request)) if executed => {
            format!("{connection}'s {request} is executed and its reply is lost (step {step})")
        }
        (Fault::LostReply { connection }, Some(request)) => {
            format!("the reply to {connection}'s {request} is lost (step {step})")
        }
        (Fault::Error { connection, code }, Some(request)) => {
            format!(
                "{connection}'s {request} is answered with the error {code} instead of being executed (step {step})"
            )
        }
        (Fault::Restart { .. } | Fault::Wipe { .. } | Fault::FailOver { .. }, _) => {
            format!("{} (step {step}){}", fault.tell(), around(trace, at))
        }
        (Fault::Drop { .. } | Fault::LostReply { .. } | Fault::Error { .. }, None) => {
            format!("{} (step {step})", fault.tell())
        }
    })
}

fn whole(hit: &Hit) -> String {
    let parts: Vec<&str> = hit.queued.iter().chain([&hit.request]).map(String::as_str).collect();
    naming::quoted(&parts.join("; "))
}

/// Between which steps of the workers the step at `at` lies.
fn around(trace: &Trace, at: usize) -> String {
    let is_turn = |index: &usize| naming::turn(trace, *index).is_some();
    let before = (0..at).rev().find(is_turn).map(|index| naming::step(trace, index));
    let after = (at + 1..trace.steps.len()).find(is_turn).map(|index| naming::step(trace, index));
    match (before, after) {
        (Some(before), Some(after)) => format!(" between {before} and {after}"),
        (Some(before), None) => format!(" after {before}"),
        (None, Some(after)) => format!(" before {after}"),
        (None, None) => String::new(),
    }
}

/// That time passed, what that ended, and between which steps.
fn of_time(trace: &Trace, at: usize) -> Option<String> {
    let told = trace.steps.get(at)?;
    let Effect::TimePassed { now_ms, .. } = &told.effect else { return None };
    let gone: Vec<_> = told.changes.iter().filter(|change| change.after.is_none()).collect();
    let ends = match gone.as_slice() {
        [] => String::new(),
        [only] => format!(": {} is gone", naming::quoted(&only.key)),
        several => format!(": {} keys are gone", several.len()),
    };
    Some(format!("If time passes to {now_ms} ms (step {}{ends}){},", at + 1, around(trace, at)))
}

/// Who came between what a statement read and what it wrote.
fn of_split(trace: &Trace, at: usize) -> Option<String> {
    let (stopped, whose) = (naming::connection(trace, at)?, naming::turn(trace, at)?);
    let goes_on = |index: &usize| matches!(&trace.steps[*index].effect, Effect::Continued { connection, .. } if *connection == stopped);
    let resumed = (at + 1..trace.steps.len()).find(goes_on)?;
    let others: Vec<usize> = (at + 1..resumed)
        .filter(|index| naming::turn(trace, *index).is_some_and(|worker| worker != whose))
        .collect();
    let (first, last) = (*others.first()?, *others.last()?);
    let between = if others.len() == last - first + 1 {
        naming::steps(trace, &(first..last + 1))
    } else {
        format!("{} and {}", naming::step(trace, first), naming::step(trace, last))
    };
    Some(format!(
        "{between} must not come between what {} reads (step {}) and what it writes (step {}), or",
        naming::action(trace, at),
        at + 1,
        resumed + 1
    ))
}
