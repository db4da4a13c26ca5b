//! Owns how steps are called within the sentence, and what came of them.

use std::ops::Range;

use raceproof::WorkerId;
use raceproof::history::{Cause, Effect, Trace};
use raceproof::id::ConnectionId;

use crate::visible::Visible;

/// Longest request that is repeated in the sentence, in columns.
const REQUEST_COLUMNS_MAX: usize = 72;
/// Longest reply.
const REPLY_COLUMNS_MAX: usize = 48;
/// Statements that only open a transaction, by their first words.
const OPENINGS: [&str; 2] = ["BEGIN", "START TRANSACTION"];

/// Whose turn the step at `index` is: nobody's if it is a fault or a passing of time.
pub(super) fn turn(trace: &Trace, index: usize) -> Option<WorkerId> {
    connection(trace, index).map(|connection| connection.worker)
}

/// On which connection a worker goes on in the step at `index`.
pub(super) fn connection(trace: &Trace, index: usize) -> Option<ConnectionId> {
    match &trace.steps.get(index)?.effect {
        Effect::Request { connection, .. }
        | Effect::Continued { connection, .. }
        | Effect::Delivery { connection, .. } => Some(*connection),
        Effect::Fault { .. } | Effect::TimePassed { .. } => None,
    }
}

/// The text of the request of which the step at `index` is the begin or the rest.
pub(super) fn request(trace: &Trace, index: usize) -> Option<String> {
    match &trace.steps.get(index)?.effect {
        Effect::Request { queued, request, .. } if queued.is_empty() => Some(request.clone()),
        Effect::Request { queued, request, .. } => Some(format!("{}; {request}", queued.join("; "))),
        Effect::Continued { .. } => request(trace, begin(trace, index)?),
        _ => None,
    }
}

/// The step at which the request was sent that goes on in the step at `index`; `None` if that sends one itself.
pub(super) fn begin(trace: &Trace, index: usize) -> Option<usize> {
    let Effect::Continued { connection: wanted, .. } = trace.steps.get(index)?.effect else { return None };
    let is_request = |index: &usize| matches!(trace.steps[*index].effect, Effect::Request { .. });
    (0..index).rev().filter(is_request).find(|index| connection(trace, *index) == Some(wanted))
}

/// Whether the step at `index` only opens a transaction.
pub(super) fn is_opening(trace: &Trace, index: usize) -> bool {
    request(trace, index).is_some_and(|text| {
        let text = text.to_ascii_uppercase();
        !text.contains(';') && OPENINGS.iter().any(|opening| text.starts_with(opening))
    })
}

/// ``A's `GET counter` (step 1)``.
pub(super) fn step(trace: &Trace, index: usize) -> String {
    format!("{} (step {})", action(trace, index), index + 1)
}

/// What the steps are called: one by its name, several by the first and the last.
pub(super) fn steps(trace: &Trace, range: &Range<usize>) -> String {
    match range.len() {
        0 | 1 => step(trace, range.start),
        _ => {
            let (first, last) = (action(trace, range.start), action(trace, range.end - 1));
            format!("steps {} to {} ({first} to {last})", range.start + 1, range.end)
        }
    }
}

/// ``A's `GET counter` ``.
pub(super) fn action(trace: &Trace, index: usize) -> String {
    let Some(told) = trace.steps.get(index) else { return "what follows".to_owned() };
    match &told.effect {
        Effect::Fault { fault, .. } => fault.tell(),
        Effect::TimePassed { now_ms, .. } => format!("the passing of time to {now_ms} ms"),
        Effect::Delivery { connection, .. } => format!("the message to {connection}"),
        Effect::Request { connection, request, .. } if request == "disconnect" => {
            format!("the end of {connection}'s connection")
        }
        Effect::Request { connection, .. } => of(*connection, "", request(trace, index)),
        Effect::Continued { connection, cause: Cause::Resumed, .. } => {
            of(*connection, "the rest of ", request(trace, index))
        }
        Effect::Continued { connection, .. } => of(*connection, "", request(trace, index)),
    }
}

/// A text of the execution between back-ticks.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", Visible::cut_to(text, REQUEST_COLUMNS_MAX))
}

fn of(connection: ConnectionId, what: &str, request: Option<String>) -> String {
    let request = request.map_or_else(|| "request".to_owned(), |text| quoted(&text));
    format!("{what}{connection}'s {request}")
}

/// What the step at `index` was answered, whenever that was.
pub(super) fn reply(trace: &Trace, index: usize) -> Option<&str> {
    let answered = connection(trace, index)?;
    let own = |index: usize| match &trace.steps[index].effect {
        Effect::Request { connection, reply, .. } | Effect::Continued { connection, reply, .. } => {
            reply.as_deref().filter(|_| *connection == answered)
        }
        _ => None,
    };
    let woken = |index: usize| {
        let woken = trace.steps[index].woken.iter().find(|wake| wake.connection == answered);
        woken.map(|wake| wake.reply.as_str())
    };
    let is_next = |later: &usize| begin(trace, *later) == Some(index) || woken(*later).is_some();
    own(index).or_else(|| {
        let later = (index + 1..trace.steps.len()).find(is_next)?;
        own(later).or_else(|| woken(later))
    })
}

/// A reply between back-ticks.
pub(super) fn answer(reply: &str) -> String {
    format!("`{}`", Visible::cut_to(reply, REPLY_COLUMNS_MAX))
}
