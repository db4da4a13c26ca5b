//! Owns [`Executed`]: one execution as it was seen, in bytes, and how it is told as a [`Trace`].

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

use bytes::Bytes;

use crate::check::Course;
use crate::choice::{Choice, Schedule};
use crate::digest::Digest;
use crate::explore::Begun;
use crate::gate::{Answer, Backend, Stepped, Struck, TimedOut, WaitEdge};
use crate::history::{
    Cause, Change, Effect, Fault, Hit, Operation, State, Trace, TraceStep, WaitFor, Wake, WorkerEnd,
};
use crate::id::{ConnectionId, WorkerId};
use crate::outcome::Grace;
use crate::programs::Programs;
use crate::verdict::Verdict;
use crate::wire::Session;

/// What came of one choice.
#[derive(Debug)]
pub(crate) enum Happened {
    Step(ConnectionId, Stepped),
    Continuation(ConnectionId, Cause, Stepped),
    Fault(Fault, Struck),
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
    /// The worker of the aftermath, if that ran.
    pub(crate) aftermath: Option<WorkerId>,
    pub(crate) steps: Vec<Step>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) ends: BTreeMap<WorkerId, WorkerEnd>,
    /// The stores before the first step, if somebody looked.
    pub(crate) initial_state: Option<State>,
    /// The stores after the last step, unless they were lost.
    pub(crate) final_state: Option<State>,
    pub(crate) verdict: Verdict,
    /// What each invariant said from step to step, if that was wanted.
    pub(crate) courses: Vec<Course>,
    /// The codes of conflicts with which workers ended that did not handle them.
    pub(crate) conflicts: BTreeMap<WorkerId, String>,
    /// What was chosen and could not be done, because the machine was too slow.
    pub(crate) unforced: Option<String>,
    /// The step (from 1) at which the strategy found something else than before, and what.
    pub(crate) mismatch: Option<(usize, String)>,
    /// Whether it was stopped where another one goes on in the same way.
    pub(crate) is_redundant: bool,
    /// Whether workers were seen to have anything in common in their process.
    pub(crate) shares_memory: bool,
    /// How often a program outside was taken to wait because it did nothing for the scenario's grace.
    pub(crate) grace: Option<Grace>,
    /// The operations of generated programs that have begun, in order.
    pub(crate) begun: Vec<Begun>,
    /// What the workers were to do, if it was generated.
    pub(crate) programs: Option<Arc<Programs>>,
}

impl Executed {
    /// An execution that could not even begin.
    pub(crate) fn never(workers: &[WorkerId], verdict: Verdict) -> Self {
        Self {
            workers: workers.to_vec(),
            aftermath: None,
            steps: Vec::new(),
            operations: Vec::new(),
            ends: BTreeMap::new(),
            initial_state: None,
            final_state: None,
            verdict,
            courses: Vec::new(),
            conflicts: BTreeMap::new(),
            unforced: None,
            mismatch: None,
            is_redundant: false,
            shares_memory: false,
            grace: None,
            begun: Vec::new(),
            programs: None,
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
            steps.push(TraceStep {
                effect,
                woken,
                changes,
                violated: None,
                typed: typed(&step.happened, &tellers),
            });
        }
        if let Some(violation) = self.verdict.violation()
            && let Some(step) = violation.step.and_then(|step| steps.get_mut(step.wrapping_sub(1)))
        {
            step.violated = Some(violation.invariant.clone());
        }
        let show = |state: &Option<State>| state.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        Trace {
            programs: self.programs.as_ref().map(|programs| programs.restricted_to(&self.workers)),
            workers: self.workers.iter().copied().chain(self.aftermath).collect(),
            schedule: self.schedule(),
            initial_state: show(&self.initial_state),
            steps,
            final_state: show(&self.final_state),
            operations: self.operations.clone(),
            ends: self.ends.clone(),
            verdict: self.verdict.clone(),
            courses: self.courses.clone(),
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

    fn wake(&self, connection: ConnectionId, answer: &Answer, lost: bool) -> Wake {
        let reply = self.session.show_reply(&answer.bytes, answer.context.as_ref());
        let mut digest = Digest::default();
        digest.write(&self.session.essence_of_reply(&answer.bytes));
        Wake { connection, reply, lost, digest: digest.text() }
    }

    /// The digest of what of a step must be the same when it is done again.
    fn digest(&self, stepped: &Stepped) -> String {
        let mut digest = Digest::default();
        for request in stepped.queued.iter().chain([&stepped.request]) {
            digest.write(&self.session.essence_of_request(request, stepped.context.as_ref()));
        }
        if let Some(reply) = &stepped.reply {
            digest.write(&self.session.essence_of_reply(reply));
        }
        digest.text()
    }

    fn typed(&self, stepped: &Stepped) -> Option<Vec<String>> {
        let queued = stepped.queued.iter().map(|request| (request, None));
        let all = queued.chain([(&stepped.request, stepped.context.as_ref())]);
        let typed = all.map(|(request, context)| self.session.transcribe(request, context));
        Some(typed.collect::<Option<Vec<_>>>()?.concat())
    }

    fn reply(&self, stepped: &Stepped) -> Option<String> {
        let reply = stepped.reply.as_ref()?;
        Some(self.session.show_reply(reply, stepped.context.as_ref()))
    }

    fn request(&self, connection: ConnectionId, stepped: &Stepped) -> Effect {
        Effect::Request {
            connection,
            store: self.store.to_owned(),
            queued: stepped.queued.iter().map(|request| self.session.show_request(request, None)).collect(),
            request: self.session.show_request(&stepped.request, stepped.context.as_ref()),
            reply: self.reply(stepped),
            stopped: stepped.has_stopped,
            blocked_by: stepped.blocked_by.clone(),
            digest: self.digest(stepped),
        }
    }

    fn continuation(&self, connection: ConnectionId, cause: Cause, stepped: &Stepped) -> Effect {
        let wait = |WaitEdge { waiter, holder, lock }: &WaitEdge| WaitFor {
            waiter: *waiter,
            holder: *holder,
            lock: lock.clone(),
        };
        Effect::Continued {
            connection,
            store: self.store.to_owned(),
            cause,
            reply: self.reply(stepped),
            lost: stepped.lost.contains(&connection),
            stopped: stepped.has_stopped,
            blocked_by: stepped.blocked_by.clone(),
            circle: stepped.circle.iter().map(wait).collect(),
            digest: self.digest(stepped),
        }
    }

    fn wakes(&self, stepped: &Stepped) -> Vec<Wake> {
        let wake = |(connection, answer): &(ConnectionId, Answer)| {
            self.wake(*connection, answer, stepped.lost.contains(connection))
        };
        stepped.woken.iter().map(wake).collect()
    }

    fn hit(&self, stepped: &Stepped, executed: bool) -> Hit {
        Hit {
            store: self.store.to_owned(),
            queued: stepped.queued.iter().map(|request| self.session.show_request(request, None)).collect(),
            request: self.session.show_request(&stepped.request, stepped.context.as_ref()),
            executed,
            reply: self.reply(stepped),
            digest: self.digest(stepped),
        }
    }
}

/// What was sent, as it can be typed.
fn typed(happened: &Happened, tellers: &[Teller]) -> Option<Vec<String>> {
    let stepped = match happened {
        Happened::Step(_, stepped) => stepped,
        Happened::Fault(_, struck) => struck.hit.as_ref()?,
        Happened::Continuation(..) | Happened::Delivery { .. } | Happened::TimePassed { .. } => return None,
    };
    tellers[stepped.store].typed(stepped)
}

fn tell(happened: &Happened, tellers: &[Teller]) -> (Effect, Vec<Wake>) {
    match happened {
        Happened::Step(connection, stepped) => {
            let teller = &tellers[stepped.store];
            (teller.request(*connection, stepped), teller.wakes(stepped))
        }
        Happened::Continuation(connection, cause, stepped) => {
            let teller = &tellers[stepped.store];
            (teller.continuation(*connection, *cause, stepped), teller.wakes(stepped))
        }
        Happened::Delivery { connection, store, message } => {
            let teller = &tellers[*store];
            let answer = Answer { bytes: message.clone(), context: None };
            let Wake { connection, reply: message, digest, .. } = teller.wake(*connection, &answer, false);
            let store = teller.store.to_owned();
            (Effect::Delivery { connection, store, message, digest }, Vec::new())
        }
        Happened::Fault(fault, struck) => {
            let teller = |stepped: &Stepped| &tellers[stepped.store];
            let hit = struck.hit.as_ref().map(|hit| teller(hit).hit(hit, struck.executed));
            let causes = struck.hit.iter().chain(&struck.after);
            let wakes = causes.flat_map(|stepped| teller(stepped).wakes(stepped)).collect();
            (Effect::Fault { fault: fault.clone(), hit }, wakes)
        }
        Happened::TimePassed { now_ms, woke, replies } => {
            let wake = |TimedOut { connection, store, reply, is_lost }: &TimedOut| {
                tellers[*store].wake(*connection, reply, *is_lost)
            };
            let wakes = replies.iter().map(wake).collect();
            (Effect::TimePassed { now_ms: *now_ms, woke: woke.clone() }, wakes)
        }
    }
}
