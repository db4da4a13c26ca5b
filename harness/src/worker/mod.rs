//! Owns what a worker's program is given: its name, chance, time, connections and a recorder.

mod event;
mod invocation;
mod shared;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) use event::Event;
pub use invocation::Invocation;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
pub(crate) use shared::Shared;
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::clock::RunClock;
use crate::gate::Lease;
use crate::id::WorkerId;

/// Bytes that an in-process connection holds in each direction before the writer waits.
const DUPLEX_BYTES: usize = 64 << 10;

/// One worker in one execution, given to [`Scenario::work`](crate::scenario::Scenario::work).
#[derive(Debug)]
pub struct Worker {
    id: WorkerId,
    workers: usize,
    seed: u64,
    clock: RunClock,
    events: UnboundedSender<Event>,
    /// Invocations so far, of all workers of the execution together.
    invocations: Arc<AtomicUsize>,
    /// Begins and ends of operations so far, of all workers together.
    positions: Arc<AtomicU64>,
    shared: Arc<Shared>,
    /// What outlives executions.
    kept: Arc<Shared>,
}

impl Worker {
    /// The workers called `ids` of one execution, the `last` one if there is to be one, and where they report to.
    pub(crate) fn team(
        ids: &[WorkerId],
        last: Option<WorkerId>,
        seed: u64,
        clock: &RunClock,
        kept: &Arc<Shared>,
    ) -> (Vec<Self>, Option<Self>, UnboundedReceiver<Event>) {
        let (events, reports) = unbounded_channel();
        let first = Self { kept: Arc::clone(kept), ..Self::first(ids.len(), seed, clock, events) };
        let worker = |id: &WorkerId| first.colleague(*id, first.events.clone());
        (ids.iter().map(worker).collect(), last.as_ref().map(worker), reports)
    }

    /// The one that all others of an execution with so many `workers` are [colleagues](Self::colleague) of.
    pub(crate) fn first(workers: usize, seed: u64, clock: &RunClock, events: UnboundedSender<Event>) -> Self {
        Self {
            id: WorkerId(0),
            workers,
            seed,
            clock: clock.clone(),
            events,
            invocations: Arc::default(),
            positions: Arc::default(),
            shared: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// Another worker of the same execution, which reports to `events`.
    pub(crate) fn colleague(&self, id: WorkerId, events: UnboundedSender<Event>) -> Self {
        Self {
            id,
            workers: self.workers,
            seed: self.seed,
            clock: self.clock.clone(),
            events,
            invocations: Arc::clone(&self.invocations),
            positions: Arc::clone(&self.positions),
            shared: Arc::clone(&self.shared),
            kept: Arc::clone(&self.kept),
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.id
    }

    /// Its position, from 0; it stays the same when shrinking leaves other workers out.
    #[must_use]
    pub fn index(&self) -> usize {
        self.id.index()
    }

    /// How many workers take part in this execution.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// A generator seeded from the run's seed and the worker's name: the same in every execution, so that
    /// only schedules differ. Each call starts it anew.
    #[must_use]
    pub fn random(&self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(u64::from(self.id.0) + 1);
        random
    }

    /// The run's clock, which the scheduler moves; while workers run free it follows real time, from where executions
    /// start.
    #[must_use]
    pub fn clock(&self) -> &RunClock {
        &self.clock
    }

    /// What time it is by the run's clock, as the time since the UNIX epoch: the first deadline of a lease, say, is this
    /// plus its length. Stores that share the clock agree to the microsecond.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.clock.wall()
    }

    /// Waits until the run's clock has moved by `duration`. When that is, is a choice of the scheduler: no
    /// real time passes, unless the workers run free.
    pub async fn sleep(&self, duration: Duration) {
        let (wake, woken) = oneshot::channel();
        let deadline = self.clock.now() + duration;
        self.send(Event::Sleep { worker: self.id, deadline, wake });
        if woken.await.is_err() {
            // The execution is over; this worker is about to be dropped where it waits.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for `duration` of real time, for what goes on outside of the run, such as the start of a program. What comes of it
    /// is no choice of the scheduler, so it is for [warm-ups](crate::scenario::Scenario::warm_up).
    pub async fn real_sleep(&self, duration: Duration) {
        crate::alarm::sleep(duration).await;
    }

    /// Starts an operation called `name` with `argument` (empty if it has none) in the history.
    #[must_use = "an invocation that is dropped at once is an open operation"]
    pub fn invoke(&self, name: &str, argument: impl ToString) -> Invocation {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let (name, argument) = (name.to_owned(), argument.to_string());
        let at = self.positions.fetch_add(1, Ordering::SeqCst);
        self.send(Event::Invoked { worker: self.id, number, name, argument, at });
        Invocation::new(number, self.events.clone(), Arc::clone(&self.positions))
    }

    /// What the workers of an execution share in their process, such as a pool, a mutex or a near cache: the value of
    /// type `T`, which the first that asks makes. It is gone with the execution.
    #[must_use]
    pub fn shared<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.send(Event::Shares);
        self.shared.get(make)
    }

    /// What the workers of all executions of a search share, such as a program that is too slow to be started for each: the
    /// value of type `T`, which the first that asks makes. It is gone with the search, and earlier if an execution has left
    /// something of it in the middle; then [`Scenario::warm_up`](crate::scenario::Scenario::warm_up) makes it anew.
    #[must_use]
    pub fn kept<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.kept.get(make)
    }

    /// Says that this worker's program goes on in the `process` of the system, and in those which that has started. So it is
    /// at rest only when they are: every thread of them asleep, and nothing on its way to them or from them.
    pub fn runs_in(&self, process: u32) {
        self.send(Event::RunsIn { worker: self.id, process });
    }

    /// Waits until everything else is at rest, and then goes on alone until it is at rest itself. What connections of a
    /// [common](Lease::Common) program begin to do meanwhile is this worker's.
    pub async fn alone(&self) {
        let (go, gone) = oneshot::channel();
        self.send(Event::Alone { worker: self.id, go });
        if gone.await.is_err() {
            // The execution is over; this worker is about to be dropped where it waits.
            std::future::pending::<()>().await;
        }
    }

    /// Opens an in-process connection to the store called `store` through the gate; clients that take
    /// a stream run over it faster than over TCP.
    #[must_use]
    pub fn stream(&self, store: &'static str) -> DuplexStream {
        let (ours, gates) = tokio::io::duplex(DUPLEX_BYTES);
        self.send(Event::Connect { worker: self.id, store, stream: gates });
        ours
    }

    /// The URL of the store called `store` for any client of this worker, through the gate. It stays the same
    /// for the whole run.
    ///
    /// # Errors
    /// The run has no such store, or the system gives no port.
    pub async fn url(&self, store: &'static str) -> io::Result<String> {
        self.leased_url(store, Lease::Execution).await
    }

    /// As [`url`](Self::url), for a client whose connections are this worker's for as long as `lease` says.
    ///
    /// # Errors
    /// As for `url`.
    pub async fn leased_url(&self, store: &'static str, lease: Lease) -> io::Result<String> {
        let (answer, url) = oneshot::channel();
        self.send(Event::Url { worker: self.id, store, lease, answer });
        url.await.map_err(|_| io::Error::other(format!("the gate gave no URL of `{store}`")))
    }

    /// Says that the operation in this `place` (from 0) of its generated list begins. So shrinking knows which steps go when
    /// the operation is left out. Whoever does [`Programs`](crate::Programs) calls it.
    pub fn begins(&self, place: usize) {
        self.send(Event::Begins { worker: self.id, place });
    }

    /// The seed of the run.
    #[cfg(feature = "workload")]
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    fn send(&self, event: Event) {
        // The receiver is gone only when the execution is over; the worker is dropped then.
        let _ = self.events.send(event);
    }
}
