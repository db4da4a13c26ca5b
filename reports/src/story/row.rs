//! Owns [`Row`]: one step of an execution as the lanes show it.

use raceproof::WorkerId;
use raceproof::history::{Change, Effect, TraceStep};
use raceproof::id::ConnectionId;

use super::broken;
use super::circle::Circle;
use super::deed::{Deed, deed};
use super::held::Held;
use super::promises::{Standing, standings};
use super::scene::Scene;
use crate::visible::Visible;
use crate::wording;

/// Most requests of one transaction, and most changed keys, that a step shows.
const LISTED_MAX: usize = 12;

/// One row of the lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A step.
    Step(Box<Step>),
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
    /// What happened to no worker in particular: time passing, or a fault of a store.
    pub across: Option<Visible>,
    /// Whether something broke.
    pub is_fault: bool,
    /// What one of the stores did.
    pub deed: Option<Deed>,
    /// The lanes in which an earlier request goes on being held.
    pub held: Vec<(usize, Held)>,
    /// What changed in the stores.
    pub changes: Vec<Changed>,
    /// The deadlock that was broken here, if one was.
    pub circle: Option<Circle>,
    /// The promise that broke here, if one did.
    pub broken: Option<Visible>,
    /// What each promise was worth afterwards.
    pub promises: Vec<Standing>,
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
    /// The store keeps the request waiting, for this.
    Blocked(Visible),
    /// The request has stopped before it writes its first row.
    Stopped,
    /// A request that was released before goes on.
    Continued(Visible),
    /// The store let go an earlier request, with this reply.
    Woken(Visible),
    /// A message that the store pushed.
    Received(Visible),
    /// Something broke: what, with the request that it hit in the next lines.
    Fault(Visible),
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
    /// The step at `index`, from 0.
    pub(super) fn of(scene: &Scene<'_>, index: usize) -> Self {
        let (told, number) = (&scene.trace.steps[index], index + 1);
        let broken = scene.promise.filter(|_| scene.broken_at == Some(number));
        let mut cells: Vec<Cell> = Vec::new();
        let mut add = |acting: WorkerId, lines: Vec<Line>| {
            let Some(lane) = scene.workers.iter().position(|worker| *worker == acting) else { return };
            match cells.iter_mut().find(|cell| cell.lane == lane) {
                Some(cell) => cell.lines.extend(lines),
                None => cells.push(Cell { lane, lines }),
            }
        };
        if let Some((worker, lines)) = own_lines(&told.effect, scene.names_stores) {
            add(worker, lines);
        }
        for wake in &told.woken {
            let told = place(&wake.connection, "", false) + &wake.reply;
            let lost = wake.lost.then(lost_reply);
            add(
                wake.connection.worker,
                std::iter::once(Line::Woken(Visible::of(&told))).chain(lost).collect(),
            );
        }
        cells.sort_by_key(|cell| cell.lane);
        Self {
            number,
            cells,
            across: across(told),
            is_fault: matches!(told.effect, Effect::Fault { .. }),
            circle: Circle::of(&told.effect),
            deed: deed(told, &scene.stores),
            held: scene.held_through(index),
            changes: changes(&told.changes),
            broken: broken.or(told.violated.as_deref()).map(Visible::of),
            promises: standings(scene.trace, number),
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

fn own_lines(effect: &Effect, stores_are_named: bool) -> Option<(WorkerId, Vec<Line>)> {
    match effect {
        Effect::Request { connection, store, queued, request, reply, stopped, blocked_by, .. } => {
            let mut lines = queued_lines(queued);
            let place = place(connection, store, stores_are_named);
            lines.push(Line::Request(Visible::long(&(place + request))));
            lines.push(came_to(reply.as_deref(), *stopped, blocked_by));
            Some((connection.worker, lines))
        }
        Effect::Continued { connection, cause, reply, lost, stopped, blocked_by, .. } => {
            let why = place(connection, "", false) + wording::cause(*cause);
            let came_to = came_to(reply.as_deref(), *stopped, blocked_by);
            let lines = [Line::Continued(Visible::of(&why)), came_to].into_iter();
            Some((connection.worker, lines.chain(lost.then(lost_reply)).collect()))
        }
        Effect::Delivery { connection, store, message, .. } => {
            let place = place(connection, store, stores_are_named);
            Some((connection.worker, vec![Line::Received(Visible::of(&(place + message)))]))
        }
        Effect::Fault { fault, hit } => {
            let worker = fault.worker()?;
            Some((worker, broken::lines(fault, hit.as_ref(), stores_are_named)))
        }
        Effect::TimePassed { .. } => None,
    }
}

/// What an earlier fault makes of a reply that is here now.
fn lost_reply() -> Line {
    Line::Fault(Visible::of("the reply is lost"))
}

/// What a request has come to by the end of a step.
fn came_to(reply: Option<&str>, stopped: bool, blocked_by: &[ConnectionId]) -> Line {
    match reply {
        Some(reply) => Line::Reply(Visible::long(reply)),
        None if stopped => Line::Stopped,
        None if blocked_by.is_empty() => Line::Blocked(Visible::of("blocked")),
        None => {
            let holders: Vec<_> = blocked_by.iter().map(ToString::to_string).collect();
            Line::Blocked(Visible::of(&format!("waits for {}", holders.join(", "))))
        }
    }
}

/// Names the connection unless it is the worker's first, and the store where there are several.
pub(super) fn place(connection: &ConnectionId, store: &str, stores_are_named: bool) -> String {
    let connection = match connection.ordinal {
        0 => String::new(),
        _ => format!("({connection}) "),
    };
    if stores_are_named { format!("{connection}{store}: ") } else { connection }
}

pub(super) fn queued_lines(queued: &[String]) -> Vec<Line> {
    let mut lines: Vec<_> =
        queued.iter().take(LISTED_MAX).map(|request| Line::Queued(Visible::of(request))).collect();
    if queued.len() > LISTED_MAX {
        lines.push(Line::Queued(Visible::of(&format!("… and {} more", queued.len() - LISTED_MAX))));
    }
    lines
}

fn across(told: &TraceStep) -> Option<Visible> {
    let (now_ms, woke) = match &told.effect {
        Effect::TimePassed { now_ms, woke } => (now_ms, woke),
        Effect::Fault { fault, .. } => return broken::across(fault).map(|told| Visible::of(&told)),
        _ => return None,
    };
    let woke: Vec<_> = woke.iter().map(ToString::to_string).collect();
    let wakes = if woke.is_empty() { String::new() } else { format!(", wakes {}", woke.join(", ")) };
    Some(Visible::of(&format!("time passes to {now_ms} ms{wakes}{}", gone(&told.changes))))
}

/// What time took away.
fn gone(changes: &[Change]) -> String {
    let keys: Vec<_> = changes.iter().filter(|change| change.after.is_none()).collect();
    match keys.as_slice() {
        [] => String::new(),
        [only] => format!(": {} is gone", only.key),
        several => format!(": {} keys are gone", several.len()),
    }
}

fn changes(changes: &[Change]) -> Vec<Changed> {
    let changed = |change: &Change| Changed {
        key: Visible::of(&change.key),
        before: change.before.as_deref().map(Visible::long),
        after: change.after.as_deref().map(Visible::long),
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
