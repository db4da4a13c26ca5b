//! Owns [`Trace`]: one execution told step by step, in text, ready to be stored, compared and drawn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Change, Operation};
use crate::choice::Schedule;
use crate::id::{ConnectionId, WorkerId};
use crate::verdict::Verdict;

/// One execution from its first choice to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The workers that took part.
    pub workers: Vec<WorkerId>,
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
}

/// One choice and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// What one choice did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        /// The reply, shortened; `None` if the store keeps the request waiting.
        reply: Option<String>,
        /// Digest of the exact bytes of all requests and of the reply, in hexadecimal.
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
    /// Time passed.
    TimePassed {
        /// The run's clock afterwards, in milliseconds since the start of the execution.
        now_ms: u64,
        /// Whose sleep ended.
        woke: Vec<WorkerId>,
    },
}

/// A connection that had been blocked in the store and was let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// Which connection.
    pub connection: ConnectionId,
    /// The reply that it got, shortened.
    pub reply: String,
    /// Digest of the reply's exact bytes, in hexadecimal.
    pub digest: String,
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum WorkerEnd {
    /// It ran to its end.
    Finished,
    /// It returned this error: an outcome to judge, not the end of the search.
    Failed(String),
    /// It panicked with this message.
    Panicked(String),
    /// The execution ended first.
    CutOff,
}

impl Trace {
    /// The first step (from 1) at which two traces of the same schedule tell different things, and what. A
    /// difference in how workers or stores ended counts as one step after the last.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<(usize, String)> {
        let shared = self.steps.len().min(other.steps.len());
        for index in 0..shared {
            let (mine, theirs) = (&self.steps[index], &other.steps[index]);
            if mine.effect != theirs.effect || mine.woken != theirs.woken {
                return Some((index + 1, format!("expected {}, found {}", mine.tell(), theirs.tell())));
            }
        }
        let after = shared + 1;
        if self.steps.len() != other.steps.len() {
            let told = |trace: &Self| trace.steps.get(shared).map_or("the end".to_owned(), TraceStep::tell);
            return Some((after, format!("expected {}, found {}", told(self), told(other))));
        }
        let ended = self.ends.iter().find(|(worker, end)| other.ends.get(worker) != Some(end));
        if let Some((worker, end)) = ended {
            let found = other.ends.get(worker);
            return Some((after, format!("expected that {worker} ends as {end:?}, found {found:?}")));
        }
        if self.final_state != other.final_state {
            let (expected, found) = (&self.final_state, &other.final_state);
            return Some((after, format!("expected that the stores end as {expected}, found {found}")));
        }
        None
    }
}

impl TraceStep {
    /// The step in one line.
    #[must_use]
    pub fn tell(&self) -> String {
        let main = match &self.effect {
            Effect::Request { connection, request, reply, .. } => {
                let reply = reply.as_deref().unwrap_or("(blocked)");
                format!("{connection}: `{request}` -> {reply}")
            }
            Effect::Delivery { connection, message, .. } => format!("{connection} receives {message}"),
            Effect::TimePassed { now_ms, .. } => format!("time passes to {now_ms} ms"),
        };
        let wakes = self.woken.iter().map(|wake| format!("; wakes {}: {}", wake.connection, wake.reply));
        main + &wakes.collect::<String>()
    }
}
