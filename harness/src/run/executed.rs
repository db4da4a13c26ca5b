//! Owns [`Executed`]: one execution as it was seen, in bytes, and how it is told as a [`Trace`].

use std::collections::BTreeMap;
use std::hash::Hasher;

use bytes::Bytes;

use super::digest::Digest;
use crate::choice::{Choice, Schedule};
use crate::gate::{Backend, Stepped, TimedOut};
use crate::history::{Change, Effect, Operation, State, Trace, TraceStep, Wake, WorkerEnd};
use crate::id::{ConnectionId, WorkerId};
use crate::verdict::Verdict;
use crate::wire::Session;

/// What came of one choice.
#[derive(Debug)]
pub(crate) enum Happened {
    Step(ConnectionId, Stepped),
    Delivery { connection: ConnectionId, store: usize, message: Bytes },
    TimePassed { now_ms: u64, woke: Vec<WorkerId>, replies: Vec<TimedOut> },
}

/// One choice, what came of it, and the stores afterwards (if somebody looked).
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) choice: Choice,
    pub(crate) happened: Happened,
    pub(crate) state: Option<State>,
}

/// One execution.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) workers: Vec<WorkerId>,
    pub(crate) steps: Vec<Step>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) ends: BTreeMap<WorkerId, WorkerEnd>,
    /// The stores before the first step, if somebody looked.
    pub(crate) initial_state: Option<State>,
    /// The stores after the last step, unless they were lost.
    pub(crate) final_state: Option<State>,
    pub(crate) verdict: Verdict,
    /// The step (from 1) at which the strategy found something else than before, and what.
    pub(crate) mismatch: Option<(usize, String)>,
}

impl Executed {
    /// An execution that could not even begin.
    pub(crate) fn never(workers: &[WorkerId], verdict: Verdict) -> Self {
        Self {
            workers: workers.to_vec(),
            steps: Vec::new(),
            operations: Vec::new(),
            ends: BTreeMap::new(),
            initial_state: None,
            final_state: None,
            verdict,
            mismatch: None,
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        Schedule(self.steps.iter().map(|step| step.choice).collect())
    }

    /// Tells the execution in text.
    pub(crate) fn trace(&self, backends: &[Box<dyn Backend>]) -> Trace {
        let tellers: Vec<Teller> = backends.iter().map(|backend| Teller::new(backend.as_ref())).collect();
        let mut before = self.initial_state.as_ref();
        let mut steps: Vec<TraceStep> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let (effect, woken) = tell(&step.happened, &tellers);
            let changes = changes(before, step.state.as_ref());
            before = step.state.as_ref().or(before);
            steps.push(TraceStep { effect, woken, changes, violated: None });
        }
        if let Some(violation) = self.verdict.violation()
            && let Some(step) = violation.step.and_then(|step| steps.get_mut(step.wrapping_sub(1)))
        {
            step.violated = Some(violation.invariant.clone());
        }
        let show = |state: &Option<State>| state.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        Trace {
            workers: self.workers.clone(),
            schedule: self.schedule(),
            initial_state: show(&self.initial_state),
            steps,
            final_state: show(&self.final_state),
            operations: self.operations.clone(),
            ends: self.ends.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

fn changes(before: Option<&State>, after: Option<&State>) -> Vec<Change> {
    match (before, after) {
        (Some(before), Some(after)) => after.changes_since(before),
        _ => Vec::new(),
    }
}

/// Renders the messages of one store.
struct Teller {
    store: &'static str,
    session: Box<dyn Session>,
}

impl Teller {
    fn new(backend: &dyn Backend) -> Self {
        Self { store: backend.name(), session: backend.session() }
    }

    fn wake(&self, connection: ConnectionId, reply: &Bytes) -> Wake {
        Wake { connection, reply: self.session.show_reply(reply), digest: digest([reply]) }
    }
}

/// The digest of some messages, in hexadecimal.
fn digest<'a>(messages: impl IntoIterator<Item = &'a Bytes>) -> String {
    let mut digest = Digest::default();
    messages.into_iter().for_each(|message| digest.write(message));
    format!("{:016x}", digest.finish())
}

fn tell(happened: &Happened, tellers: &[Teller]) -> (Effect, Vec<Wake>) {
    match happened {
        Happened::Step(connection, stepped) => {
            let teller = &tellers[stepped.store];
            let messages = stepped.queued.iter().chain([&stepped.request]).chain(&stepped.reply);
            let effect = Effect::Request {
                connection: *connection,
                store: teller.store.to_owned(),
                queued: stepped.queued.iter().map(|request| teller.session.show_request(request)).collect(),
                request: teller.session.show_request(&stepped.request),
                reply: stepped.reply.as_ref().map(|reply| teller.session.show_reply(reply)),
                digest: digest(messages),
            };
            let wakes = stepped.woken.iter().map(|(connection, reply)| teller.wake(*connection, reply));
            (effect, wakes.collect())
        }
        Happened::Delivery { connection, store, message } => {
            let teller = &tellers[*store];
            let (digest, told) = (digest([message]), teller.session.show_reply(message));
            let store = teller.store.to_owned();
            (Effect::Delivery { connection: *connection, store, message: told, digest }, Vec::new())
        }
        Happened::TimePassed { now_ms, woke, replies } => {
            let wake =
                |timed_out: &TimedOut| tellers[timed_out.store].wake(timed_out.connection, &timed_out.reply);
            let wakes = replies.iter().map(wake).collect();
            (Effect::TimePassed { now_ms: *now_ms, woke: woke.clone() }, wakes)
        }
    }
}
