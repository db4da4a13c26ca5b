//! Owns [`History`]: the operations of the workers in time, from invocation to return, between the steps of the execution.

use std::collections::BTreeMap;

use raceproof::WorkerId;
use raceproof::check::Explanation;
use raceproof::check::linearizability::Stuck;
use raceproof::history::{Operation, OperationEnd, Trace};
use raceproof::verdict::Violation;

use crate::visible::Visible;

/// Most operations that are drawn; of a longer history those around the ones that matter are.
const OPERATIONS_MAX: usize = 40;
/// Most steps between two events that are marked one by one.
const STEPS_MARKED_MAX: usize = 12;

/// Operations in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The workers, each with one row or, where its operations overlap, several.
    pub rows: Vec<WorkerId>,
    /// The operations, in the order of their invocations.
    pub bars: Vec<Bar>,
    /// What happens from left to right.
    pub marks: Vec<Mark>,
    /// How many operations are not drawn.
    pub left_out: usize,
    /// Where the longest order ends that explains the answers, if a checker looked for one.
    pub order: Option<Order>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// In which row, from 0.
    pub row: usize,
    /// At which mark it is invoked, from 0.
    pub from: usize,
    /// At which it returns, if it does.
    pub to: Option<usize>,
    /// What it is and what came back.
    pub label: Visible,
    /// How it ended.
    pub end: BarEnd,
    /// When it took effect in the longest order.
    pub point: Option<Moment>,
    /// Whether it has no place in any order.
    pub is_blocked: bool,
}

/// How an operation ended, as far as a drawing tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarEnd {
    /// It took effect.
    Done,
    /// It was refused.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// A place in an order, right behind an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Which of the order it is, from 1.
    pub number: usize,
    /// The mark behind which it lies.
    pub mark: usize,
    /// Which of those behind that mark it is, from 1.
    pub place: usize,
    /// How many there are.
    pub of: usize,
}

/// What happens at one place from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// An operation is invoked or returns.
    Event,
    /// This step is made.
    Step(usize),
    /// So are these, from the first to the last.
    Steps(usize, usize),
}

/// How far an order of the operations goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The part of the object, if parts are judged one by one.
    pub key: Option<Visible>,
    /// How many operations that have returned have a place.
    pub placed: usize,
    /// How many have returned.
    pub of: usize,
    /// The state behind them.
    pub state: Visible,
    /// The operations of which one would have to come next.
    pub blocked: Vec<Visible>,
}

impl History {
    /// The operations of `trace`; `None` if nobody reported any.
    pub(super) fn of(trace: &Trace, violation: Option<&Violation>) -> Option<Self> {
        let stuck = violation.and_then(|violation| match violation.explanation.as_deref() {
            Some(Explanation::NotLinearizable(stuck)) => Some(stuck),
            _ => None,
        });
        let shown = window(trace, stuck);
        if shown.is_empty() {
            return None;
        }
        let (marks, places) = timeline(trace, &shown);
        let (rows, row_of) = rows(&shown);
        let moments = stuck.map_or_else(BTreeMap::new, |stuck| moments(stuck, &shown, &places));
        let is_blocked = |index: &usize| stuck.is_some_and(|stuck| stuck.blocked.contains(index));
        let bar = |(place, (index, operation)): (usize, &(usize, &Operation))| Bar {
            row: row_of[place],
            from: places[&operation.invoked],
            to: operation.returned.map(|returned| places[&returned]),
            label: Visible::of(&told(operation)),
            end: match &operation.end {
                OperationEnd::Ok(_) => BarEnd::Done,
                OperationEnd::Refused(_) => BarEnd::Refused,
                OperationEnd::Open | OperationEnd::Unknown(_) => BarEnd::Unknown,
            },
            point: moments.get(index).copied(),
            is_blocked: is_blocked(index),
        };
        Some(Self {
            rows,
            bars: shown.iter().enumerate().map(bar).collect(),
            marks,
            left_out: trace.operations.len() - shown.len(),
            order: stuck.map(|stuck| Order::of(stuck, trace)),
        })
    }
}

impl Order {
    fn of(stuck: &Stuck, trace: &Trace) -> Self {
        let has_returned = |index: usize| {
            let end = trace.operations.get(index).map(|operation| &operation.end);
            matches!(end, Some(OperationEnd::Ok(_) | OperationEnd::Refused(_)))
        };
        let blocked = stuck.blocked.iter().filter_map(|index| trace.operations.get(*index));
        Self {
            key: stuck.key.as_ref().map(|key| Visible::of(key)),
            placed: stuck.prefix.iter().filter(|point| has_returned(point.operation)).count(),
            of: stuck.returned,
            state: Visible::of(&stuck.state),
            blocked: blocked
                .take(OPERATIONS_MAX)
                .map(|operation| Visible::of(&format!("{} {}", operation.worker, told(operation))))
                .collect(),
        }
    }
}

/// `write 1`, `read → 0`, `acquire: refused`.
fn told(operation: &Operation) -> String {
    let Operation { name, argument, end, .. } = operation;
    let blank = if argument.is_empty() { "" } else { " " };
    let end = match end {
        OperationEnd::Ok(result) if result.is_empty() => String::new(),
        OperationEnd::Ok(result) => format!(" → {result}"),
        OperationEnd::Refused(_) => ": refused".to_owned(),
        OperationEnd::Open => " …".to_owned(),
        OperationEnd::Unknown(_) => ": error".to_owned(),
    };
    format!("{name}{blank}{argument}{end}")
}

/// The operations that are drawn, with their positions: the last ones, or those around the ones that have no place.
fn window<'a>(trace: &'a Trace, stuck: Option<&Stuck>) -> Vec<(usize, &'a Operation)> {
    let mut all: Vec<_> = trace.operations.iter().enumerate().collect();
    all.sort_by_key(|(_, operation)| operation.invoked);
    // A record may have been edited by hand: what ends before it begins is no operation.
    all.retain(|(_, operation)| operation.returned.is_none_or(|returned| returned > operation.invoked));
    let matters = |(index, _): &(usize, &Operation)| stuck.is_some_and(|stuck| stuck.blocked.contains(index));
    let end =
        all.iter().rposition(matters).map_or(all.len(), |at| (at + 1 + OPERATIONS_MAX / 4).min(all.len()));
    all.truncate(end);
    all.split_off(end.saturating_sub(OPERATIONS_MAX))
}

/// What happens from left to right, and the place of each event in it.
fn timeline(trace: &Trace, shown: &[(usize, &Operation)]) -> (Vec<Mark>, BTreeMap<u64, usize>) {
    let mut events: BTreeMap<u64, Option<usize>> = BTreeMap::new();
    for (_, operation) in shown {
        events.insert(operation.invoked, Some(operation.invoked_after_steps));
        if let Some(returned) = operation.returned {
            events.insert(returned, operation.returned_after_steps);
        }
    }
    // Records of earlier programs do not say when operations returned, and steps in the wrong place are worse than none.
    let are_known = events.values().all(Option::is_some);
    let (mut marks, mut places) = (Vec::new(), BTreeMap::new());
    let mut over = if shown.len() < trace.operations.len() { shown[0].1.invoked_after_steps } else { 0 };
    for (event, steps) in events {
        let until = steps.filter(|_| are_known).unwrap_or(over);
        step(&mut marks, &mut over, until.min(trace.steps.len()));
        places.insert(event, marks.len());
        marks.push(Mark::Event);
    }
    if are_known {
        step(&mut marks, &mut over, trace.steps.len());
    }
    (marks, places)
}

/// Marks the steps after the first `over` up to `until`.
fn step(marks: &mut Vec<Mark>, over: &mut usize, until: usize) {
    match until.saturating_sub(*over) {
        0 => return,
        1..=STEPS_MARKED_MAX => marks.extend((*over + 1..=until).map(Mark::Step)),
        _ => marks.push(Mark::Steps(*over + 1, until)),
    }
    *over = until;
}

/// The rows, and that of each operation: the first of its worker that is free.
fn rows(shown: &[(usize, &Operation)]) -> (Vec<WorkerId>, Vec<usize>) {
    // Until when each row of a worker is taken; `None` for ever.
    let mut taken: BTreeMap<WorkerId, Vec<Option<u64>>> = BTreeMap::new();
    let mut placed = Vec::new();
    for (_, operation) in shown {
        let rows = taken.entry(operation.worker).or_default();
        let is_free = |until: &Option<u64>| until.is_some_and(|until| until < operation.invoked);
        let row = rows.iter().position(is_free).unwrap_or(rows.len());
        rows.resize(rows.len().max(row + 1), None);
        rows[row] = operation.returned;
        placed.push((operation.worker, row));
    }
    let all: Vec<(WorkerId, usize)> =
        taken.iter().flat_map(|(worker, rows)| (0..rows.len()).map(|row| (*worker, row))).collect();
    let row_of = |place| all.iter().position(|row| *row == place).expect("every place is one of them");
    (all.iter().map(|(worker, _)| *worker).collect(), placed.into_iter().map(row_of).collect())
}

/// When the operations took effect, by their positions in the history, as far as they are drawn.
fn moments(
    stuck: &Stuck,
    shown: &[(usize, &Operation)],
    places: &BTreeMap<u64, usize>,
) -> BTreeMap<usize, Moment> {
    let mut behind: BTreeMap<u64, usize> = BTreeMap::new();
    let mut moments = BTreeMap::new();
    for (number, point) in (1..).zip(&stuck.prefix) {
        let place = behind.entry(point.after_event).or_default();
        *place += 1;
        let is_shown = shown.iter().any(|(index, _)| *index == point.operation);
        if let (true, Some(mark)) = (is_shown, places.get(&point.after_event)) {
            moments.insert(
                point.operation,
                (point.after_event, Moment { number, mark: *mark, place: *place, of: 0 }),
            );
        }
    }
    let whole =
        |(index, (event, moment)): (usize, (u64, Moment))| (index, Moment { of: behind[&event], ..moment });
    moments.into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn marks(history: &History) -> String {
        let mark = |mark: &Mark| match mark {
            Mark::Event => ".".to_owned(),
            Mark::Step(step) => step.to_string(),
            Mark::Steps(from, to) => format!("{from}-{to}"),
        };
        history.marks.iter().map(mark).collect::<Vec<_>>().join(" ")
    }

    /// Invocations, steps and returns in the order in which they happened.
    #[test]
    fn operations_lie_between_the_steps_that_they_made() {
        let outcome = samples::stale();
        let evidence = outcome.counterexample.expect("a violation");
        let history = History::of(&evidence.shrunk, Some(&evidence.violation)).expect("operations");
        assert_eq!(marks(&history), ". 1 . 2 . 3 .");
        let bars: Vec<_> =
            history.bars.iter().map(|bar| (bar.row, bar.from, bar.to, bar.label.as_str())).collect();
        assert_eq!(bars, [(0, 0, Some(2), "write 1"), (1, 4, Some(6), "read → 0")]);
        let moment = Moment { number: 1, mark: 0, place: 1, of: 1 };
        assert_eq!((history.bars[0].point, history.bars[1].is_blocked), (Some(moment), true));
        let order = history.order.expect("a checker looked for one");
        assert_eq!((order.placed, order.state.as_str(), order.blocked[0].as_str()), (1, "1", "B read → 0"));
    }

    #[test]
    fn steps_are_left_out_where_nobody_knows_when_operations_returned() {
        let evidence = samples::caught().counterexample.expect("a violation");
        assert_eq!(marks(&History::of(&evidence.shrunk, None).expect("operations")), ". . . .");
    }

    /// Two operations of one worker overlap, and a third comes when the first is over; many steps are one mark.
    #[test]
    fn overlapping_operations_have_rows_of_their_own() {
        let mut trace = samples::chosen(&"A ".repeat(20));
        let operation = |invoked, returned| Operation {
            invoked,
            returned: Some(returned),
            ..samples::stale().counterexample.expect("a violation").shrunk.operations[0].clone()
        };
        trace.operations = vec![operation(0, 3), operation(1, 5), operation(4, 6)];
        let history = History::of(&trace, None).expect("operations");
        assert_eq!(history.bars.iter().map(|bar| bar.row).collect::<Vec<_>>(), [0, 1, 0]);
        assert_eq!(history.rows.len(), 2);
        assert!(marks(&history).ends_with(" 2-20"), "{}", marks(&history));
    }

    /// The window holds what has no place, whatever the length of the history; an operation that ends before it begins is none.
    #[test]
    fn long_histories_are_windowed() {
        let evidence = samples::stale().counterexample.expect("a violation");
        let (mut trace, mut violation) = (evidence.shrunk, evidence.violation);
        let first = trace.operations[0].clone();
        trace.operations = (0..1_000)
            .map(|number| Operation { invoked: 2 * number, returned: Some(2 * number + 1), ..first.clone() })
            .collect();
        trace.operations[999].returned = Some(0);
        if let Some(Explanation::NotLinearizable(stuck)) = violation.explanation.as_deref_mut() {
            stuck.blocked = vec![500];
        }
        let history = History::of(&trace, Some(&violation)).expect("operations");
        assert_eq!((history.bars.len(), history.left_out), (40, 960));
        assert!(history.bars.iter().any(|bar| bar.is_blocked));
        assert_eq!(History::of(&trace, None).expect("operations").bars.len(), 40);
        trace.operations.clear();
        assert_eq!(History::of(&trace, None), None);
    }
}
