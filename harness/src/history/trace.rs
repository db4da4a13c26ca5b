//! Owns [`Trace`]: one execution told step by step, in text, ready to be stored, compared and drawn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Change, Operation};
use crate::check::Course;
use crate::choice::Schedule;
use crate::id::{ConnectionId, Word, WorkerId};
use crate::programs::Programs;
use crate::redacted::is_like;
use crate::verdict::Verdict;

/// One execution from its first choice to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trace {
    /// The workers that took part.
    pub workers: Vec<WorkerId>,
    /// What they were to do, if it was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<Programs>,
    /// The choices, one for each of `steps`.
    pub schedule: Schedule,
    /// The content of the stores before the first step, as text.
    pub initial_state: String,
    /// What happened, in order.
    pub steps: Vec<TraceStep>,
    /// The content of the stores after the last step, as text.
    pub final_state: String,
    /// What the workers reported about themselves.
    pub operations: Vec<Operation>,
    /// How each worker ended.
    pub ends: BTreeMap<WorkerId, WorkerEnd>,
    /// What the invariants said.
    pub verdict: Verdict,
    /// What each of them said from step to step, where they were asked that often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<Course>,
}

/// One choice and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraceStep {
    /// What came of the choice.
    pub effect: Effect,
    /// Connections that had been blocked in the store and that this step let go, in the order of
    /// their workers.
    pub woken: Vec<Wake>,
    /// What changed in the stores, by key; empty where states were not recorded.
    pub changes: Vec<Change>,
    /// The invariant that was broken after this step, if one was.
    pub violated: Option<String>,
    /// What was sent in this step as it can be typed into the store's own client, in full, one entry for each command or
    /// statement; `None` if nothing was, or if it cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<Vec<String>>,
}

/// What one choice did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "did", rename_all = "kebab-case")]
pub enum Effect {
    /// A request went to the store.
    Request {
        /// Which connection sent it.
        connection: ConnectionId,
        /// Which store, such as `redis`.
        store: String,
        /// Requests that were forwarded earlier and that belong to this step (`MULTI`, what it queued).
        queued: Vec<String>,
        /// The request as one would type it, shortened.
        request: String,
        /// The reply, shortened; `None` if the store keeps the request waiting or it has stopped half-way.
        reply: Option<String>,
        /// Whether it has stopped before it writes its first row.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
        /// For whom it waits, as far as the store says so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked_by: Vec<ConnectionId>,
        /// Digest of all requests and of the reply (without what differs from run to run, such as process ids), in
        /// hexadecimal.
        digest: String,
    },
    /// A request that had been released before went on.
    Continued {
        /// Which connection sent it.
        connection: ConnectionId,
        /// Which store, such as `postgres`.
        store: String,
        /// Why.
        cause: Cause,
        /// The reply, shortened; `None` if the store keeps the request waiting or it has stopped half-way.
        reply: Option<String>,
        /// Whether its client saw the connection end instead of the reply, because of an earlier fault.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
        /// Whether it has stopped before it writes its first row.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
        /// For whom it waits, as far as the store says so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked_by: Vec<ConnectionId>,
        /// Who waited for whom when the deadlock was broken whose victim this is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        circle: Vec<WaitFor>,
        /// Digest of the reply (without what differs from run to run), in hexadecimal.
        digest: String,
    },
    /// A message of the store was handed to its subscriber.
    Delivery {
        /// Which connection received it.
        connection: ConnectionId,
        /// Which store, such as `redis`.
        store: String,
        /// The message, shortened.
        message: String,
        /// Digest of the message's exact bytes, in hexadecimal.
        digest: String,
    },
    /// Something broke.
    Fault {
        /// What.
        fault: Fault,
        /// The request that it hit, if it hit one: its ground truth, which no client was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hit: Option<Hit>,
    },
    /// Time passed.
    TimePassed {
        /// The run's clock afterwards, in milliseconds since the start of the execution.
        now_ms: u64,
        /// Whose sleep ended.
        woke: Vec<WorkerId>,
    },
}

/// What broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Fault {
    /// A worker stopped for ever.
    Crash {
        /// Who.
        worker: WorkerId,
    },
    /// A connection ended before its request was executed.
    Drop {
        /// Which connection.
        connection: ConnectionId,
    },
    /// A connection ended after its request was executed and before the reply arrived.
    LostReply {
        /// Which connection.
        connection: ConnectionId,
    },
    /// A request was answered with an error instead of being executed.
    Error {
        /// Which connection.
        connection: ConnectionId,
        /// The code, such as `40001` or `LOADING`.
        code: Word,
    },
    /// A store was killed and came back with everything that it had acknowledged.
    Restart {
        /// Which store.
        store: Word,
    },
    /// A store was killed and came back with nothing.
    Wipe {
        /// Which store.
        store: Word,
    },
    /// A store's replica took over.
    FailOver {
        /// Which store.
        store: Word,
        /// How many steps had written what the replica had not received.
        lost: usize,
    },
}

/// A request that was hit by a fault, and what really became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hit {
    /// Which store it was sent to, such as `redis`.
    pub store: String,
    /// Requests that were forwarded earlier and that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queued: Vec<String>,
    /// The request as one would type it, shortened.
    pub request: String,
    /// Whether the store executed it.
    pub executed: bool,
    /// What the store or the gate answered, shortened, whether or not the client saw it; `None` if nothing was.
    pub reply: Option<String>,
    /// Digest of the request and of the reply, in hexadecimal.
    pub digest: String,
}

/// Why a request went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It had been stopped half-way.
    Resumed,
    /// One step had woken several requests, and this was the next of them.
    Woken,
    /// It was made the victim of a deadlock.
    Victim,
}

/// That one connection's request waited for another connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitFor {
    /// Who waited.
    pub waiter: ConnectionId,
    /// For whom.
    pub holder: ConnectionId,
    /// For what, in words.
    pub lock: String,
}

/// A connection that had been blocked in the store and was let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wake {
    /// Which connection.
    pub connection: ConnectionId,
    /// The reply that it got, shortened.
    pub reply: String,
    /// Whether its client saw the connection end instead, because of an earlier fault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// Digest of the reply's exact bytes, in hexadecimal.
    pub digest: String,
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum WorkerEnd {
    /// It ran to its end.
    Finished,
    /// It returned this error: an outcome to judge, not the end of the search.
    Failed(String),
    /// It panicked with this message.
    Panicked(String),
    /// It crashed: a fault.
    Crashed,
    /// The execution ended first.
    CutOff,
}

impl Trace {
    /// The first step (from 1) at which two traces of the same schedule tell different things, and what. What was redacted
    /// from the first may be anything in the second. A difference in how workers or stores ended counts as one step after the last.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<(usize, String)> {
        let shared = self.steps.len().min(other.steps.len());
        for index in 0..shared {
            let (mine, theirs) = (&self.steps[index], &other.steps[index]);
            if !is_like(&mine.effect, &theirs.effect) || !is_like(&mine.woken, &theirs.woken) {
                return Some((index + 1, format!("expected {}, found {}", mine.tell(), theirs.tell())));
            }
        }
        let after = shared + 1;
        if self.steps.len() != other.steps.len() {
            let told = |trace: &Self| trace.steps.get(shared).map_or("the end".to_owned(), TraceStep::tell);
            return Some((after, format!("expected {}, found {}", told(self), told(other))));
        }
        let ended = self
            .ends
            .iter()
            .find(|(worker, end)| !other.ends.get(worker).is_some_and(|found| is_like(*end, found)));
        if let Some((worker, end)) = ended {
            let found = other.ends.get(worker);
            return Some((after, format!("expected that {worker} ends as {end:?}, found {found:?}")));
        }
        if !is_like(&self.final_state, &other.final_state) {
            let (expected, found) = (&self.final_state, &other.final_state);
            return Some((after, format!("expected that the stores end as {expected}, found {found}")));
        }
        None
    }
}

/// What is said behind a reply that its client did not see.
const LOST: &str = " (lost)";

fn outcome(reply: Option<&str>, stopped: bool) -> &str {
    reply.unwrap_or(if stopped { "(stopped before its first row)" } else { "(blocked)" })
}

impl Fault {
    /// Whose worker it hit, if it hit one.
    #[must_use]
    pub fn worker(&self) -> Option<WorkerId> {
        match self {
            Self::Crash { worker } => Some(*worker),
            Self::Drop { connection } | Self::LostReply { connection } | Self::Error { connection, .. } => {
                Some(connection.worker)
            }
            Self::Restart { .. } | Self::Wipe { .. } | Self::FailOver { .. } => None,
        }
    }

    /// What broke, in a phrase.
    #[must_use]
    pub fn tell(&self) -> String {
        match self {
            Self::Crash { worker } => format!("{worker} crashes"),
            Self::Drop { connection } => format!("{connection} loses its connection"),
            Self::LostReply { connection } => format!("the reply to {connection} is lost"),
            Self::Error { connection, code } => format!("{connection} is answered with the error {code}"),
            Self::Restart { store } => format!("{store} restarts with what it had acknowledged"),
            Self::Wipe { store } => format!("{store} restarts with nothing"),
            Self::FailOver { store, lost: 1 } => format!("{store} fails over, without the last write"),
            Self::FailOver { store, lost } => format!("{store} fails over, without the last {lost} writes"),
        }
    }
}

impl TraceStep {
    /// The step in one line.
    #[must_use]
    pub fn tell(&self) -> String {
        let main = match &self.effect {
            Effect::Request { connection, request, reply, stopped, .. } => {
                format!("{connection}: `{request}` -> {}", outcome(reply.as_deref(), *stopped))
            }
            Effect::Continued { connection, cause, reply, lost, stopped, .. } => {
                let why = match cause {
                    Cause::Resumed => "goes on",
                    Cause::Woken => "is woken next",
                    Cause::Victim => "is the victim of the deadlock",
                };
                let lost = if *lost { LOST } else { "" };
                format!("{connection} {why} -> {}{lost}", outcome(reply.as_deref(), *stopped))
            }
            Effect::Delivery { connection, message, .. } => format!("{connection} receives {message}"),
            Effect::Fault { fault, hit } => match hit {
                Some(Hit { request, executed: true, .. }) => {
                    format!("{} (`{request}` was executed)", fault.tell())
                }
                Some(Hit { request, .. }) => format!("{} (`{request}` was not executed)", fault.tell()),
                None => fault.tell(),
            },
            Effect::TimePassed { now_ms, .. } => format!("time passes to {now_ms} ms"),
        };
        let wake = |Wake { connection, reply, lost, .. }: &Wake| {
            format!("; wakes {connection}: {reply}{}", if *lost { LOST } else { "" })
        };
        let wakes = self.woken.iter().map(wake);
        main + &wakes.collect::<String>()
    }
}
