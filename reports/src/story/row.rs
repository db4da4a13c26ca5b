//! Owns [`Row`]: one step of an execution as the lanes show it.

use raceproof::WorkerId;
use raceproof::history::{Change, Effect, TraceStep};
use raceproof::id::ConnectionId;

use crate::visible::Visible;

/// Most requests of one transaction, and most changed keys, that a step shows.
const LISTED_MAX: usize = 12;

/// One row of the lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A step.
    Step(Step),
    /// So many steps in the middle of a long execution are not shown.
    LeftOut(usize),
}

/// One step: what each worker saw of it and what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its position, from 1.
    pub number: usize,
    /// The lanes in which something happened, in order of their workers.
    pub cells: Vec<Cell>,
    /// What happened to no worker in particular: time passing.
    pub across: Option<Visible>,
    /// What changed in the stores.
    pub changes: Vec<Changed>,
    /// The promise that broke here, if one did.
    pub broken: Option<Visible>,
    /// Whether this is the step of the violation that the story tells.
    pub is_the_violation: bool,
}

/// What one worker saw of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Which lane, from 0.
    pub lane: usize,
    /// From top to bottom.
    pub lines: Vec<Line>,
}

/// One line of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A request that was sent before and is part of this step.
    Queued(Visible),
    /// The request.
    Request(Visible),
    /// The reply.
    Reply(Visible),
    /// The store keeps the request waiting.
    Blocked,
    /// The store let go an earlier request, with this reply.
    Woken(Visible),
    /// A message that the store pushed.
    Received(Visible),
}

/// One key whose value changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The key.
    pub key: Visible,
    /// Its value before; `None` if it was not there.
    pub before: Option<Visible>,
    /// Its value after; `None` if it is gone.
    pub after: Option<Visible>,
}

impl Step {
    /// The step at position `number`; `broken` is the promise if this is the violation's step.
    pub(super) fn of(
        told: &TraceStep,
        number: usize,
        workers: &[WorkerId],
        broken: Option<&str>,
        stores_are_named: bool,
    ) -> Self {
        let mut cells: Vec<Cell> = Vec::new();
        let mut add = |connection: &ConnectionId, lines: Vec<Line>| {
            let Some(lane) = workers.iter().position(|worker| *worker == connection.worker) else { return };
            match cells.iter_mut().find(|cell| cell.lane == lane) {
                Some(cell) => cell.lines.extend(lines),
                None => cells.push(Cell { lane, lines }),
            }
        };
        if let Some((connection, lines)) = own_lines(&told.effect, stores_are_named) {
            add(connection, lines);
        }
        for wake in &told.woken {
            let told = place(&wake.connection, "", false) + &wake.reply;
            add(&wake.connection, vec![Line::Woken(Visible::of(&told))]);
        }
        cells.sort_by_key(|cell| cell.lane);
        Self {
            number,
            cells,
            across: across(&told.effect),
            changes: changes(&told.changes),
            broken: broken.or(told.violated.as_deref()).map(Visible::of),
            is_the_violation: broken.is_some(),
        }
    }
}

/// The rows of `count` steps of which at most `steps_max` are drawn, the first and the last ones.
pub(super) fn drawn(count: usize, steps_max: usize, step: impl Fn(usize) -> Row) -> Vec<Row> {
    if count <= steps_max {
        return (0..count).map(step).collect();
    }
    let head = steps_max / 2;
    let tail = count - (steps_max - head);
    let left_out = std::iter::once(Row::LeftOut(tail - head));
    (0..head).map(&step).chain(left_out).chain((tail..count).map(&step)).collect()
}

fn own_lines(effect: &Effect, stores_are_named: bool) -> Option<(&ConnectionId, Vec<Line>)> {
    match effect {
        Effect::Request { connection, store, queued, request, reply, .. } => {
            let mut lines = queued_lines(queued);
            let place = place(connection, store, stores_are_named);
            lines.push(Line::Request(Visible::of(&(place + request))));
            lines.push(match reply {
                Some(reply) => Line::Reply(Visible::of(reply)),
                None => Line::Blocked,
            });
            Some((connection, lines))
        }
        Effect::Delivery { connection, store, message, .. } => {
            let place = place(connection, store, stores_are_named);
            Some((connection, vec![Line::Received(Visible::of(&(place + message)))]))
        }
        Effect::TimePassed { .. } => None,
    }
}

/// Names the connection unless it is the worker's first, and the store where there are several.
fn place(connection: &ConnectionId, store: &str, stores_are_named: bool) -> String {
    let connection = match connection.ordinal {
        0 => String::new(),
        _ => format!("({connection}) "),
    };
    if stores_are_named { format!("{connection}{store}: ") } else { connection }
}

fn queued_lines(queued: &[String]) -> Vec<Line> {
    let mut lines: Vec<_> =
        queued.iter().take(LISTED_MAX).map(|request| Line::Queued(Visible::of(request))).collect();
    if queued.len() > LISTED_MAX {
        lines.push(Line::Queued(Visible::of(&format!("… and {} more", queued.len() - LISTED_MAX))));
    }
    lines
}

fn across(effect: &Effect) -> Option<Visible> {
    let Effect::TimePassed { now_ms, woke } = effect else { return None };
    let woke: Vec<_> = woke.iter().map(ToString::to_string).collect();
    let wakes = if woke.is_empty() { String::new() } else { format!(", wakes {}", woke.join(", ")) };
    Some(Visible::of(&format!("time passes to {now_ms} ms{wakes}")))
}

fn changes(changes: &[Change]) -> Vec<Changed> {
    let changed = |change: &Change| Changed {
        key: Visible::of(&change.key),
        before: change.before.as_deref().map(Visible::of),
        after: change.after.as_deref().map(Visible::of),
    };
    let mut told: Vec<_> = changes.iter().take(LISTED_MAX).map(changed).collect();
    if changes.len() > LISTED_MAX {
        let more = format!("… and {} more keys", changes.len() - LISTED_MAX);
        told.push(Changed { key: Visible::of(&more), before: None, after: None });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and the last steps stay, and the gap says how many are missing.
    #[test]
    fn long_executions_lose_their_middle() {
        let rows = drawn(10, 4, Row::LeftOut);
        let shown: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
        let expected = ["LeftOut(0)", "LeftOut(1)", "LeftOut(6)", "LeftOut(8)", "LeftOut(9)"];
        assert_eq!(shown, expected);
        assert_eq!(drawn(4, 4, Row::LeftOut).len(), 4);
    }
}
