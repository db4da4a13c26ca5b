//! Owns [`Act`]: a step of a counterexample as something that a person can do.

use raceproof::Choice;
use raceproof::history::{Effect, Fault, Trace, TraceStep};
use raceproof::id::{ConnectionId, WorkerId};

use super::Untypable;

/// Statements that depend on what time it is, by their words.
const CLOCK_WORDS: [&str; 4] = ["now()", "current_timestamp", "clock_timestamp", "'TIME'"];

/// What is done in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// A session sends something and is answered, or waits.
    Send {
        connection: ConnectionId,
        store: String,
        lines: Vec<String>,
        is_split: bool,
        waits: bool,
        is_lost: bool,
    },
    /// A statement goes on that was stopped half-way.
    Resume { connection: ConnectionId, waits: bool },
    /// The store lets a session go on, or gives it up, by itself.
    Await(ConnectionId),
    /// A session gets an error instead of an answer.
    Refuse { connection: ConnectionId, store: String, code: String },
    /// A session ends.
    Close(ConnectionId),
    /// All sessions of a worker end.
    Crash(WorkerId),
    /// The store ends all its sessions; with `true` it has lost everything.
    Restart { store: String, loses: bool },
    /// Time passes by so many milliseconds, and these keys of Redis come to their end.
    Pass { by_ms: u64, gone: Vec<String> },
    /// Nothing that a person does.
    Nothing,
}

/// What is done in each step, with the sessions that are answered by it beside its own.
pub(super) fn acts(trace: &Trace) -> Result<Vec<(Act, Vec<ConnectionId>)>, Untypable> {
    let (mut acts, mut now) = (Vec::new(), 0);
    for (index, (step, choice)) in trace.steps.iter().zip(&trace.schedule.0).enumerate() {
        let act = act(step, *choice, &mut now).map_err(|why| Untypable::at(index + 1, why))?;
        acts.push((act, step.woken.iter().map(|wake| wake.connection).collect()));
    }
    let asks_time = trace.steps.iter().flat_map(|step| step.typed.iter().flatten()).any(|line| {
        CLOCK_WORDS.iter().any(|word| line.to_ascii_lowercase().contains(&word.to_ascii_lowercase()))
    });
    if asks_time && acts.iter().any(|(act, _)| matches!(act, Act::Pass { .. })) {
        return Err(Untypable(
            "the stores are asked what time it is, and time passes as nobody can make it pass".to_owned(),
        ));
    }
    Ok(acts)
}

fn act(step: &TraceStep, choice: Choice, now: &mut u64) -> Result<Act, &'static str> {
    let typed = || step.typed.clone().filter(|lines| !lines.is_empty()).ok_or("sent what cannot be typed");
    Ok(match &step.effect {
        Effect::Request { connection, request, .. } if request == "disconnect" => Act::Close(*connection),
        Effect::Request { connection, store, reply, .. } => Act::Send {
            connection: *connection,
            store: store.clone(),
            lines: typed()?,
            is_split: matches!(choice, Choice::Split(_)),
            waits: reply.is_none(),
            is_lost: false,
        },
        Effect::Continued { connection, reply, .. } if matches!(choice, Choice::Resume(_)) => {
            Act::Resume { connection: *connection, waits: reply.is_none() }
        }
        Effect::Continued { connection, reply: Some(_), .. } => Act::Await(*connection),
        Effect::Continued { .. } => return Err("lets a statement go on that waits again"),
        Effect::Delivery { .. } => Act::Nothing,
        Effect::TimePassed { now_ms, .. } => {
            let by_ms = now_ms.saturating_sub(std::mem::replace(now, *now_ms));
            let ended = step.changes.iter().filter(|change| change.after.is_none());
            Act::Pass { by_ms, gone: ended.map(|change| change.key.clone()).collect() }
        }
        Effect::Fault { fault, hit } => match (fault, hit) {
            (Fault::Crash { worker }, _) => Act::Crash(*worker),
            (Fault::Drop { connection }, _) => Act::Close(*connection),
            (Fault::LostReply { connection }, Some(hit)) if hit.executed && hit.reply.is_some() => {
                Act::Send {
                    connection: *connection,
                    store: hit.store.clone(),
                    lines: typed()?,
                    is_split: false,
                    waits: false,
                    is_lost: true,
                }
            }
            (Fault::LostReply { .. }, _) => return Err("loses a reply that had not come"),
            (Fault::Error { connection, code }, Some(hit)) => {
                Act::Refuse { connection: *connection, store: hit.store.clone(), code: code.to_string() }
            }
            (Fault::Error { .. }, None) => return Err("answers a request that is not known"),
            (Fault::Restart { store }, _) => Act::Restart { store: store.to_string(), loses: false },
            (Fault::Wipe { store }, _) => Act::Restart { store: store.to_string(), loses: true },
            (Fault::FailOver { .. }, _) => return Err("is a fail-over, which takes a second server"),
        },
    })
}
