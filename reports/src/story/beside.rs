//! Owns [`Beside`]: an execution that violates and the closest one that passes, step beside step, with what differs.

use raceproof::Choice;
use raceproof::history::{Effect, Trace, TraceStep};
use raceproof::outcome::Passing;

use crate::visible::Visible;

/// Most steps of one execution that are compared.
const COMPARED_MAX: usize = 300;
/// Most rows that are shown.
const ROWS_MAX: usize = 80;
/// Most rows that are all shown, whether or not they differ.
const ROWS_SHORT: usize = 12;
/// Steps that are shown around what differs.
const CONTEXT: usize = 2;

/// Two executions beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// From top to bottom.
    pub rows: Vec<BesideRow>,
    /// What the stores held in the end of the one that violates, and of the one that passes.
    pub last: (Visible, Visible),
}

/// One row of two executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BesideRow {
    /// A step of either, or of both.
    Pair(Pair),
    /// So many rows are not shown, in which both do the same.
    Same(usize),
    /// So many more steps come in the execution that passes, when the one that violates is over.
    Rest(usize),
}

/// A step of either execution, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Of the execution that violates, and of the one that passes.
    pub sides: [Option<Side>; 2],
    /// What differs.
    pub difference: Difference,
    /// Whether this is the first row in which something else is chosen.
    pub is_first: bool,
}

/// How two steps beside each other differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all.
    Nothing,
    /// The same is done, and something else comes of it.
    Answer,
    /// The same worker does something else.
    Deed,
    /// Only one of the executions does this here.
    Order,
}

/// A step in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its position, from 1.
    pub number: usize,
    /// Who acts, if anybody does.
    pub who: Option<Visible>,
    /// What is done.
    pub what: Visible,
    /// Whether that is what was sent.
    pub is_request: bool,
    /// What came of it, if something did at once.
    pub came_to: Option<Visible>,
}

/// `violating` and `passing` beside each other.
pub(super) fn beside(violating: &Trace, passing: &Passing) -> Beside {
    let (bad, good) = (steps(violating), steps(&passing.trace));
    let rows = aligned(&bad, &good);
    let parts = |(left, right): &(Option<usize>, Option<usize>)| {
        left.map(|index| bad[index].0) != right.map(|index| good[index].0)
    };
    let parted = rows.iter().position(parts);
    let rows = rows.into_iter();
    let mut pairs: Vec<Pair> = rows.map(|(left, right)| pair(&bad, &good, left, right)).collect();
    if let Some(first) = parted {
        pairs[first].is_first = true;
    }
    let is_cut = violating.verdict.violation().is_some_and(|violation| violation.step.is_some());
    let rest = if is_cut { rest(&mut pairs) } else { None };
    let last = (Visible::long(&violating.final_state), Visible::long(&passing.trace.final_state));
    Beside { rows: folded(pairs).into_iter().chain(rest.map(BesideRow::Rest)).collect(), last }
}

/// Takes away what comes in the execution that passes a while after the end of the other; how many steps that were.
fn rest(pairs: &mut Vec<Pair>) -> Option<usize> {
    let end = pairs.iter().rposition(|pair| pair.sides[0].is_some()).map_or(0, |last| last + 1) + CONTEXT;
    let count = pairs.len().saturating_sub(end);
    pairs.truncate(end);
    (count > 0).then_some(count)
}

type Steps<'a> = Vec<(&'a Choice, &'a TraceStep)>;

fn steps(trace: &Trace) -> Steps<'_> {
    trace.schedule.0.iter().zip(&trace.steps).take(COMPARED_MAX).collect()
}

/// What it is worth to have the same beside each other, and to have the same worker there.
const SAME: usize = 4;
const SAME_PLACE: usize = 1;

/// The positions of steps that stand beside each other, in order: so that as much of the same does as can be.
fn aligned(bad: &Steps<'_>, good: &Steps<'_>) -> Vec<(Option<usize>, Option<usize>)> {
    let worth: Vec<Vec<usize>> =
        bad.iter().map(|one| good.iter().map(|other| worth(*one, *other)).collect()).collect();
    // What can still be had from these positions on.
    let mut best = vec![vec![0_usize; good.len() + 1]; bad.len() + 1];
    let beside = |best: &[Vec<usize>], left: usize, right: usize| match worth[left][right] {
        0 => 0,
        worth => best[left + 1][right + 1] + worth,
    };
    for left in (0..bad.len()).rev() {
        for right in (0..good.len()).rev() {
            let alone = best[left + 1][right].max(best[left][right + 1]);
            best[left][right] = beside(&best, left, right).max(alone);
        }
    }
    let (mut left, mut right, mut rows) = (0, 0, Vec::new());
    while left < bad.len() || right < good.len() {
        let (in_bad, in_good) = (left < bad.len(), right < good.len());
        let together = if in_bad && in_good { beside(&best, left, right) } else { 0 };
        if together > 0 && together == best[left][right] {
            rows.push((Some(left), Some(right)));
            (left, right) = (left + 1, right + 1);
        } else if in_bad && (!in_good || best[left + 1][right] >= best[left][right + 1]) {
            rows.push((Some(left), None));
            left += 1;
        } else {
            rows.push((None, Some(right)));
            right += 1;
        }
    }
    rows
}

fn worth((choice, step): (&Choice, &TraceStep), (other_choice, other): (&Choice, &TraceStep)) -> usize {
    if place(choice) != place(other_choice) {
        return 0;
    }
    match difference(step, other) {
        Difference::Nothing | Difference::Answer => SAME,
        Difference::Deed | Difference::Order => SAME_PLACE,
    }
}

/// What makes steps alike enough to stand beside each other: a request of the same connection, whether or not it is split or hit by a
/// fault, or else the same choice.
fn place(choice: &Choice) -> Choice {
    match choice {
        Choice::Split(id) | Choice::LoseReply(id) | Choice::Drop(id) | Choice::Refuse(id, _) => {
            Choice::Run(*id)
        }
        other => *other,
    }
}

fn pair(bad: &Steps<'_>, good: &Steps<'_>, left: Option<usize>, right: Option<usize>) -> Pair {
    let difference = match (left, right) {
        (Some(left), Some(right)) => difference(bad[left].1, good[right].1),
        _ => Difference::Order,
    };
    let side = |steps: &Steps<'_>, index: usize| Side::of(index + 1, steps[index].1);
    let sides = [left.map(|index| side(bad, index)), right.map(|index| side(good, index))];
    Pair { sides, difference, is_first: false }
}

fn difference(one: &TraceStep, other: &TraceStep) -> Difference {
    if (&one.effect, &one.woken) == (&other.effect, &other.woken) {
        return Difference::Nothing;
    }
    let (one, other) = (Side::of(0, one), Side::of(0, other));
    if (&one.who, &one.what) == (&other.who, &other.what) { Difference::Answer } else { Difference::Deed }
}

/// The rows with what is the same on both sides left out, but for a few around what differs.
fn folded(pairs: Vec<Pair>) -> Vec<BesideRow> {
    let differs: Vec<usize> =
        (0..pairs.len()).filter(|index| pairs[*index].difference != Difference::Nothing).collect();
    let is_near = |index: usize| differs.iter().any(|at| at.abs_diff(index) <= CONTEXT);
    let is_short = pairs.len() <= ROWS_SHORT;
    let mut rows: Vec<BesideRow> = Vec::new();
    for (index, pair) in pairs.into_iter().enumerate() {
        let is_shown = (is_short || is_near(index)) && rows.len() < ROWS_MAX;
        match (is_shown, rows.last_mut()) {
            (true, _) => rows.push(BesideRow::Pair(pair)),
            (false, Some(BesideRow::Same(count))) => *count += 1,
            (false, _) => rows.push(BesideRow::Same(1)),
        }
    }
    rows
}

impl Side {
    fn of(number: usize, step: &TraceStep) -> Self {
        let (who, what, is_request, came_to) = match &step.effect {
            Effect::Request { connection, request, reply, stopped, .. } => {
                let came_to =
                    reply.as_deref().unwrap_or(if *stopped { "(stopped half-way)" } else { "(waits)" });
                (Some(connection.to_string()), request.clone(), true, Some(came_to))
            }
            Effect::Continued { connection, cause, reply, .. } => {
                let why = crate::wording::cause(*cause).to_owned();
                (Some(connection.to_string()), why, false, Some(reply.as_deref().unwrap_or("(waits)")))
            }
            Effect::Delivery { connection, message, .. } => {
                (Some(connection.to_string()), format!("receives {message}"), false, None)
            }
            Effect::Fault { fault, .. } => (None, fault.tell(), false, None),
            Effect::TimePassed { now_ms, .. } => (None, format!("time passes to {now_ms} ms"), false, None),
        };
        Self {
            number,
            who: who.map(|who| Visible::of(&who)),
            what: Visible::of(&what),
            is_request,
            came_to: came_to.map(Visible::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// An execution with these choices; each request says which of its worker's it is.
    fn chosen(choices: &str) -> Trace {
        let (mut trace, mut counts) = (samples::chosen(choices), std::collections::BTreeMap::new());
        for step in &mut trace.steps {
            if let Effect::Request { connection, request, .. } = &mut step.effect {
                let count = counts.entry(*connection).and_modify(|count| *count += 1).or_insert(1);
                *request = format!("{count}");
            }
        }
        trace
    }

    fn drawn(bad: &str, good: &str) -> Vec<String> {
        let passing = Passing { trace: chosen(good), differs_at: 1, candidates: 1 };
        let number =
            |side: &Option<Side>| side.as_ref().map_or("-".to_owned(), |side| side.number.to_string());
        let row = |row: &BesideRow| match row {
            BesideRow::Same(count) => format!("={count}"),
            BesideRow::Rest(count) => format!("+{count}"),
            BesideRow::Pair(Pair { sides: [violating, passing], .. }) => {
                format!("{}:{}", number(violating), number(passing))
            }
        };
        beside(&chosen(bad), &passing).rows.iter().map(row).collect()
    }

    /// What moves stands alone, where it was and where it is; everything else stands beside its like.
    #[test]
    fn same_steps_stand_beside_each_other_and_what_moved_alone() {
        assert_eq!(drawn("A B B A", "A A B B"), ["1:1", "-:2", "2:3", "3:4", "4:-"]);
    }

    #[test]
    fn first_step_that_is_another_one_is_marked() {
        let first = |bad, good| {
            let passing = Passing { trace: chosen(good), differs_at: 2, candidates: 1 };
            let is_first = |row: &BesideRow| matches!(row, BesideRow::Pair(Pair { is_first: true, .. }));
            beside(&chosen(bad), &passing).rows.iter().position(is_first)
        };
        assert_eq!(first("A B B A", "A A B B"), Some(1));
        assert_eq!(first("A B< C B>", "A B C"), Some(1), "the same request, which is split");
        assert_eq!(first("A B", "A B"), None);
    }

    /// A request that is split in one execution and not in the other is the same request.
    #[test]
    fn split_request_stands_beside_the_whole_one() {
        assert_eq!(drawn("A< B A>", "A B"), ["1:1", "2:2", "3:-"]);
        assert_eq!(drawn("A? B", "A B"), ["1:1", "2:2"]);
    }

    /// Where a violation cut an execution short, what the other goes on with says nothing.
    #[test]
    fn rest_of_the_passing_execution_is_counted() {
        let mut bad = chosen("A + B");
        bad.verdict = raceproof::Verdict::Violation(raceproof::Violation::new("a", "b", Some(3)));
        let passing = Passing { trace: chosen("A B + A A C C"), differs_at: 2, candidates: 1 };
        let rows = beside(&bad, &passing).rows;
        assert_eq!((rows.len(), rows.last()), (6, Some(&BesideRow::Rest(3))));
    }

    #[test]
    fn long_executions_show_what_differs_with_a_few_steps_around_it() {
        let same = "A B ".repeat(15);
        assert_eq!(
            drawn(&format!("{same}A + B"), &format!("{same}A B")),
            ["=29", "30:30", "31:31", "32:-", "33:32"]
        );
    }

    #[test]
    fn other_answer_to_the_same_request_is_a_difference() {
        let evidence = samples::caught().counterexample.expect("a violation");
        let mut passing = evidence.passing.expect("one passes");
        passing.trace = Trace { schedule: evidence.shrunk.schedule.clone(), ..evidence.shrunk.clone() };
        if let Effect::Request { reply, .. } = &mut passing.trace.steps[1].effect {
            *reply = Some("1".to_owned());
        }
        let told = beside(&evidence.shrunk, &passing);
        let difference = |row: &BesideRow| match row {
            BesideRow::Pair(pair) => pair.difference,
            BesideRow::Same(_) | BesideRow::Rest(_) => Difference::Nothing,
        };
        let differences: Vec<_> = told.rows.iter().map(difference).collect();
        assert_eq!(differences[..3], [Difference::Nothing, Difference::Answer, Difference::Nothing]);
    }
}
