//! Owns the sentence for violations that lie in the order of steps: which of them must not come between, or before,
//! which others.

use std::ops::Range;

use raceproof::WorkerId;
use raceproof::check::Cycle;
use raceproof::history::Trace;
use raceproof::outcome::Counterexample;

use super::naming;
use crate::story::difference::Difference;

/// Steps that must not come where they came.
struct Window {
    intruder: Range<usize>,
    /// The step behind which they must not come, if it takes one.
    opens: Option<usize>,
    /// The step before which they must not come.
    closes: usize,
}

/// What the closest execution that passes shows; `None` if it differs in something else than the order.
pub(super) fn sentence(evidence: &Counterexample, difference: Option<&Difference>) -> Option<String> {
    let (trace, passing) = (&evidence.shrunk, &evidence.passing.as_ref()?.trace);
    let (at, window) = match difference? {
        Difference::Moved { first, second } => (first.start, window(trace, first.clone(), second.clone())),
        Difference::Instead(at) => match overtaken(trace, passing, *at) {
            Some(second) => (*at, window(trace, behind_opening(trace, *at, second.start), second)),
            None => return too_early(trace, passing, *at),
        },
        Difference::LeftOut(_) | Difference::Ends(_) | Difference::GoesOn => return None,
    };
    // Of a block a cycle names the one step that matters.
    let by_cycle = evidence.cycle.as_ref().filter(|_| window.intruder.len() > 1);
    let window = by_cycle.and_then(|cycle| window_of_cycle(trace, cycle)).unwrap_or(window);
    let sees = sees(trace, passing, at, &window);
    Some(told(trace, &window) + &sees.map_or_else(|| ", or".to_owned(), |sees| format!(": {sees}, and")))
}

/// What a cycle of two units of work shows: each was seen to come before the other.
pub(super) fn of_cycle(trace: &Trace, cycle: &Cycle) -> Option<String> {
    window_of_cycle(trace, cycle).map(|window| told(trace, &window) + ", or")
}

fn window_of_cycle(trace: &Trace, cycle: &Cycle) -> Option<Window> {
    let [one, other] = cycle.links.as_slice() else { return None };
    let ((opens, after), (before, closes)) = (one.steps?, other.steps?);
    let last = trace.steps.len();
    if [opens, after, before, closes].iter().any(|step| !(1..=last).contains(step)) {
        return None;
    }
    // The first unit has `opens` and `closes`, the second one `after` and `before`.
    let (mine, theirs) = ([opens - 1, closes - 1], [after - 1, before - 1]);
    let between = |inner: [usize; 2], outer: [usize; 2]| {
        let (from, to) = (outer[0].min(outer[1]), outer[0].max(outer[1]));
        let found = inner.into_iter().find(|step| from < *step && *step < to)?;
        Some(Window { intruder: found..found + 1, opens: Some(from), closes: to })
    };
    between(theirs, mine).or_else(|| between(mine, theirs))
}

/// The step at `at`, or the first behind it and before `end` that does more than to open that worker's transaction.
fn behind_opening(trace: &Trace, at: usize, end: usize) -> Range<usize> {
    let whose = naming::turn(trace, at);
    let does_more =
        |index: &usize| naming::turn(trace, *index) == whose && !naming::is_opening(trace, *index);
    let found = (at..end).find(does_more).unwrap_or(at);
    found..found + 1
}

fn told(trace: &Trace, window: &Window) -> String {
    let (intruder, closes) = (naming::steps(trace, &window.intruder), naming::step(trace, window.closes));
    match window.opens {
        Some(opens) => {
            format!("{intruder} must not come between {} and {closes}", naming::step(trace, opens))
        }
        None => format!("{intruder} must not come before {closes}"),
    }
}

/// The window in which one worker's steps came, where `second` comes first in the execution that passes.
fn window(trace: &Trace, first: Range<usize>, second: Range<usize>) -> Window {
    let whose = (sole(trace, &first), sole(trace, &second));
    let mut opens = None;
    if let (Some(intruder), Some(other)) = whose
        && intruder != other
    {
        let is_of = |worker: WorkerId| move |index: &usize| naming::turn(trace, *index) == Some(worker);
        opens = (0..first.start).rev().find(is_of(other)).filter(|step| !naming::is_opening(trace, *step));
        let does_more = |step: &usize| is_of(intruder)(step) && !naming::is_opening(trace, *step);
        let behind = (second.end..trace.steps.len()).find(does_more);
        if let (None, Some(closes)) = (opens, behind) {
            return Window { intruder: second, opens: Some(first.end - 1), closes };
        }
    }
    let closes = if opens.is_some() { second.end - 1 } else { second.start };
    let begins = first.clone().find(|step| !naming::is_opening(trace, *step)).unwrap_or(first.start);
    Window { intruder: begins..first.end, opens, closes }
}

/// The one worker whose turn all these steps are.
fn sole(trace: &Trace, steps: &Range<usize>) -> Option<WorkerId> {
    let first = naming::turn(trace, steps.start)?;
    steps.clone().all(|index| naming::turn(trace, index) == Some(first)).then_some(first)
}

/// The steps of one worker that come before the step at `at` in the execution that passes, as far as they come behind it
/// here.
fn overtaken(trace: &Trace, passing: &Trace, at: usize) -> Option<Range<usize>> {
    let (intruder, other) = (naming::turn(trace, at)?, naming::turn(passing, at)?);
    if intruder == other {
        return None;
    }
    let until = (at..passing.steps.len()).find(|index| naming::turn(passing, *index) == Some(intruder));
    let ahead = (at..until.unwrap_or(passing.steps.len()))
        .filter(|index| naming::turn(passing, *index) == Some(other))
        .count();
    let mut own = (at..trace.steps.len()).filter(|index| naming::turn(trace, *index) == Some(other));
    let first = own.next()?;
    // What lies between are steps of others too, so the block is told by its end.
    let last = own.take(ahead.saturating_sub(1)).last().unwrap_or(first);
    Some(last..last + 1)
}

/// What is said of a step before which another worker's must come that never came.
fn too_early(trace: &Trace, passing: &Trace, at: usize) -> Option<String> {
    let (intruder, other) = (naming::turn(trace, at)?, naming::turn(passing, at)?);
    (intruder != other).then(|| {
        format!("{} must not come before {}, or", naming::step(trace, at), naming::action(passing, at))
    })
}

/// What came of it that a request was sent there: the first one that gets another reply in the execution that passes.
fn sees(trace: &Trace, passing: &Trace, at: usize, window: &Window) -> Option<String> {
    for index in at..trace.steps.len() {
        let Some(request) = naming::request(trace, index) else { continue };
        let connection = naming::connection(trace, index);
        let same = |other: &usize| {
            naming::connection(passing, *other) == connection
                && naming::request(passing, *other).as_ref() == Some(&request)
        };
        let Some(counterpart) = (at..passing.steps.len()).find(same) else { continue };
        let (Some(here), Some(there)) = (naming::reply(trace, index), naming::reply(passing, counterpart))
        else {
            continue;
        };
        if here == there {
            continue;
        }
        let (here, there) = (naming::answer(here), naming::answer(there));
        let what = match window.intruder == (index..index + 1) {
            true => "there it".to_owned(),
            false => format!("then {}", naming::action(trace, index)),
        };
        return Some(format!("{what} returns {here} instead of {there}"));
    }
    None
}
