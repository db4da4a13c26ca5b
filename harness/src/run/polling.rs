//! Owns what is made of workers that poll: a round in which nothing changes is not repeated as long as anybody else can
//! go on, and a worker that can do nothing but repeat it waits for ever.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::time::Duration;

use super::executed::Happened;
use super::execution::{Execution, Setting};
use super::halt::Halt;
use super::stutter::{Act, Stutter};
use crate::choice::Choice;
use crate::digest::Digest;
use crate::gate::{Answer, Stepped};
use crate::history::State;
use crate::id::{ConnectionId, WorkerId};

/// How often a round in which nothing changes is repeated for a worker that counts its tries, before it waits for ever.
const ROUNDS_MAX: usize = 100;
/// Doublings of the time that passes meanwhile; after this many it is weeks.
const DOUBLINGS_MAX: u32 = 31;

/// What is known of polling in one execution.
#[derive(Debug, Default)]
pub(super) struct Polling {
    stutter: Stutter,
    /// The requests that wait in stores.
    pending: BTreeMap<ConnectionId, u64>,
    /// What was seen after the last round that may have changed something.
    seen: Option<Seen>,
    /// The workers that are about to repeat a round, with its length and the connection on which its next request is held,
    /// if it does not sleep.
    pub(super) circles: BTreeMap<WorkerId, (usize, Option<ConnectionId>)>,
    /// Whether the last request and its answer had been seen before, so that what has changed decides whether it is sent again.
    pub(super) is_old: bool,
    /// What was repeated although nothing has changed, because nothing else was left.
    pub(super) forced: Option<Forced>,
}

/// What a round that may have changed something has left.
#[derive(Debug, PartialEq)]
struct Seen {
    /// How much had changed by then.
    version: u64,
    /// What the stores held.
    state: State,
    /// When the first of it ends: a round that puts this off is no round in which nothing changes.
    deadline: Option<Duration>,
}

/// Repetitions for want of anything else.
#[derive(Debug)]
pub(super) struct Forced {
    version: u64,
    /// Steps before the first of them.
    pub(super) from: usize,
    /// How many requests and sleeps each worker has repeated.
    acts: BTreeMap<WorkerId, usize>,
    doublings: u32,
    /// Nobody can do anything else.
    pub(super) is_over: bool,
}

impl Polling {
    /// Whether `worker` is about to repeat a round in which nothing has changed.
    pub(super) fn goes_in_circles(&self, worker: WorkerId) -> bool {
        self.circles.contains_key(&worker)
    }

    /// `worker` begins to sleep.
    pub(super) fn sleeps(&mut self, worker: WorkerId, duration: Duration) {
        self.stutter.push(worker, Act::Sleep(duration));
    }

    /// How long time passes for those who sleep between their tries, in milliseconds: longer each time, since programs
    /// that give up do so by the clock.
    pub(super) fn doubled_ms(&mut self) -> u64 {
        let Some(forced) = &mut self.forced else { return 0 };
        forced.doublings = (forced.doublings + 1).min(DOUBLINGS_MAX);
        1 << forced.doublings
    }
}

impl Execution<'_> {
    /// Takes in what happened.
    pub(super) async fn observe(&mut self, happened: &Happened) -> Result<(), Halt> {
        match happened {
            Happened::Step(id, stepped) => {
                let request = self.digest_of(stepped);
                match &stepped.reply {
                    Some(reply) => self.observe_answer(*id, request, stepped, reply).await?,
                    None => {
                        if !self.polling.stutter.has_asked(id.worker, request) {
                            self.polling.stutter.raise();
                        }
                        self.polling.pending.insert(*id, request);
                    }
                }
                self.observe_woken(stepped);
            }
            Happened::Continuation(id, _, stepped) => {
                self.polling.stutter.raise();
                if let Some(reply) = &stepped.reply {
                    let reply = self.digest_of_reply(stepped.store, reply);
                    self.observe_end_of_wait(*id, reply);
                }
                self.observe_woken(stepped);
            }
            Happened::Delivery { connection, .. } => {
                self.polling.stutter.raise();
                self.polling.stutter.forget(connection.worker);
            }
            Happened::TimePassed { replies, .. } => {
                for timed_out in replies {
                    let reply = self.digest_of_reply(timed_out.store, &timed_out.reply.bytes);
                    self.observe_end_of_wait(timed_out.connection, reply);
                }
            }
            Happened::Fault(fault, struck) => {
                self.polling.stutter.raise();
                if let Some(worker) = fault.worker() {
                    self.polling.stutter.forget(worker);
                }
                struck.hit.iter().chain(&struck.after).for_each(|stepped| self.observe_woken(stepped));
            }
        }
        Ok(())
    }

    /// The time at which something in a store may have changed has come.
    pub(super) fn observe_deadline(&mut self) {
        self.polling.stutter.raise();
    }

    fn observe_woken(&mut self, stepped: &Stepped) {
        for (id, Answer { bytes, .. }) in &stepped.woken {
            self.polling.stutter.raise();
            let reply = self.digest_of_reply(stepped.store, bytes);
            self.observe_end_of_wait(*id, reply);
        }
    }

    fn observe_end_of_wait(&mut self, id: ConnectionId, reply: u64) {
        if let Some(request) = self.polling.pending.remove(&id) {
            self.polling.stutter.push(id.worker, Act::Request { request, reply });
        }
    }

    /// A request was answered. That nothing has changed is known of requests that only read, and of those whose answer says
    /// so; for others the stores are looked at, once a round of them has been repeated.
    async fn observe_answer(
        &mut self,
        id: ConnectionId,
        request: u64,
        stepped: &Stepped,
        reply: &[u8],
    ) -> Result<(), Halt> {
        let act = Act::Request { request, reply: self.digest_of_reply(stepped.store, reply) };
        let is_idle = stepped.queued.is_empty()
            && self.gate.sessions()[stepped.store].changes_nothing(&stepped.request, reply);
        let was_old = self.polling.stutter.is_old(id.worker, act);
        self.polling.is_old = was_old;
        self.polling.stutter.push(id.worker, act);
        let is_repetition = match is_idle {
            true => was_old,
            false => {
                was_old && self.polling.stutter.has_gone_round(id.worker) && self.has_left_no_trace().await?
            }
        };
        if !is_repetition {
            self.polling.stutter.raise();
        }
        Ok(())
    }

    /// Whether the stores hold what they held when this was last asked, and nothing has changed in between.
    async fn has_left_no_trace(&mut self) -> Result<bool, Halt> {
        let Setting { patience, .. } = *self.setting;
        let state = patience.for_store(self.setting.step_max(), "its content", self.gate.state()).await?;
        let deadline = self.gate.next_deadline();
        let deadline = patience.for_store(self.setting.step_max(), "its next deadline", deadline).await?;
        let version = self.polling.stutter.version();
        let mut seen = Seen { version, state, deadline };
        let is_same = self.polling.seen.as_ref() == Some(&seen);
        // What was just done raises the version if the content is new.
        seen.version += u64::from(!is_same);
        self.polling.seen = Some(seen);
        Ok(is_same)
    }

    /// Of whichever connection: a program may open a new one for each try.
    fn digest_of(&self, stepped: &Stepped) -> u64 {
        let mut digest = Digest::default();
        let session = &self.gate.sessions()[stepped.store];
        for request in stepped.queued.iter().chain([&stepped.request]) {
            digest.write(&session.essence_of_request(request, stepped.context.as_ref()));
        }
        digest.finish()
    }

    fn digest_of_held(&self, id: ConnectionId) -> Option<u64> {
        let mut digest = Digest::default();
        let (store, queued, request, context) = self.gate.held(id)?;
        let session = &self.gate.sessions()[store];
        for request in queued.iter().chain([request]) {
            digest.write(&session.essence_of_request(request, context));
        }
        Some(digest.finish())
    }

    fn digest_of_reply(&self, store: usize, reply: &[u8]) -> u64 {
        let mut digest = Digest::default();
        digest.write(&self.gate.sessions()[store].essence_of_reply(reply));
        digest.finish()
    }

    /// Finds out who is about to repeat a round, where `options` is what may happen at the gate.
    pub(super) fn find_circles(&mut self, options: &[Choice]) {
        let mut circles = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| task.end.is_none()) {
            let worker = task.worker;
            if let Some(found) = self.circle(worker, options) {
                circles.insert(worker, found);
            }
        }
        let Polling { forced, stutter, .. } = &mut self.polling;
        if forced.as_ref().is_some_and(|forced| forced.version != stutter.version()) {
            *forced = None;
        }
        self.polling.circles = circles;
    }

    /// A worker goes in circles only if it waits for one thing: of several, another may go on. A transaction that is open
    /// hides what it has changed.
    fn circle(&self, worker: WorkerId, options: &[Choice]) -> Option<(usize, Option<ConnectionId>)> {
        let is_own =
            |option: &&Choice| option.worker() == Some(worker) && !matches!(option, Choice::Split(_));
        let mut own = options.iter().filter(is_own);
        let (first, second) = (own.next(), own.next());
        let sleeps = self.timers.iter().filter(|timer| timer.worker == worker).count();
        let held = match (first, second, sleeps) {
            (Some(Choice::Run(id)), None, 0) => Some(*id),
            (None, None, 1) => None,
            _ => return None,
        };
        if self.gate.presence(worker).blocked || self.gate.lingers(worker) {
            return None;
        }
        let next = || held.and_then(|id| self.digest_of_held(id));
        Some((self.polling.stutter.circle(worker, next)?, held))
    }

    /// Where nothing is left but to repeat rounds, the choice that does so, of the worker that has done it least; `None`
    /// once all have done it so often that they wait for ever.
    pub(super) fn repeat(&mut self) -> Option<Choice> {
        let Polling { circles, forced, stutter, .. } = &mut self.polling;
        let (from, version) = (self.steps.len(), stutter.version());
        let forced = forced.get_or_insert_with(|| Forced {
            version,
            from,
            acts: BTreeMap::new(),
            doublings: 0,
            is_over: false,
        });
        let rounds = |(worker, (period, _)): &(&WorkerId, &(usize, Option<ConnectionId>))| {
            forced.acts.get(worker).map_or(0, |acts| acts / period)
        };
        let (worker, (period, held)) = circles.iter().min_by_key(rounds)?;
        let acts = forced.acts.entry(*worker).or_default();
        if *acts / period >= ROUNDS_MAX && self.gate.knows_deadlines() {
            forced.is_over = true;
            return None;
        }
        *acts += 1;
        Some(held.map_or(Choice::Advance, Choice::Run))
    }

    /// What somebody repeats for ever, as people read it.
    pub(super) fn repeated(&self) -> Option<String> {
        let (worker, _) = self.polling.circles.first_key_value()?;
        let request = self.steps.iter().rev().find_map(|step| match &step.happened {
            Happened::Step(id, stepped) if id.worker == *worker => Some(stepped),
            _ => None,
        })?;
        let session = &self.gate.sessions()[request.store];
        let shown = session.show_request(&request.request, request.context.as_ref());
        Some(format!(
            "{worker} waits for ever: it repeats `{shown}` and nothing that is left can change the answer"
        ))
    }
}
