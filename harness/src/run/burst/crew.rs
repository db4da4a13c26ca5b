//! Owns [`Crew`]: the workers of one thread, which run free there in one burst after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};

use super::reported::Reported;
use crate::gate::{Call, GateError, Returned, Sluice, Stream, Tape, Timings};
use crate::history::WorkerEnd;
use crate::id::WorkerId;
use crate::run::panics;
use crate::run::settling::end_of;
use crate::scenario::{Result as ProgramResult, Scenario};
use crate::worker::{Event, Worker};

/// What a crew is told.
pub(super) enum Order {
    /// A burst begins: these workers are to start, and to be held at their first command.
    Begin { scenario: Arc<dyn Scenario>, team: Vec<Worker>, reports: UnboundedReceiver<Event> },
    /// Everybody is to run free.
    Release,
    /// All others have ended; this one is to see what they have left.
    Aftermath(Worker),
    /// The burst is over, whoever is still at work.
    End,
}

/// What a crew says.
pub(super) enum News {
    /// Something for the gate.
    Gate(Call),
    /// A worker sleeps until `deadline` of the run's clock.
    Sleeps { worker: WorkerId, deadline: Duration, wake: oneshot::Sender<()> },
    /// A worker has ended.
    Ended(WorkerId),
    /// The burst is over on this thread.
    Over(Box<Haul>),
}

/// What a burst has left on one thread.
#[derive(Default)]
pub(super) struct Haul {
    pub(super) reported: Vec<Reported>,
    pub(super) ends: BTreeMap<WorkerId, WorkerEnd>,
    /// Those for whom only a store could have done something: it had a command to answer, or they listened.
    pub(super) waiting: BTreeSet<WorkerId>,
    pub(super) gone: Vec<(Returned, Tape)>,
    pub(super) timings: Timings,
}

/// A thread with its runtime. It ends when this is dropped.
pub(super) struct Crew {
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Crew {
    /// Starts a thread that says its news to `news`, counts times from `zero` and adds answered commands to `commands`.
    pub(super) fn hire(
        number: usize,
        news: UnboundedSender<News>,
        zero: Instant,
        commands: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let (orders, received) = unbounded_channel();
        let (ready, is_ready) = sync_channel(1);
        let run = move || {
            let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            match runtime {
                Ok(runtime) => {
                    // Whoever hires waits for the answer.
                    let _ = ready.send(Ok(()));
                    serve(&runtime, received, news, zero, commands);
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        };
        let thread = thread::Builder::new().name(format!("raceproof-crew-{number}")).spawn(run)?;
        is_ready.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended at once")))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Whether the thread has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    pub(super) fn tell(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread listens for as long as this lives.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.orders.take();
        if let Some(thread) = self.thread.take() {
            // Its panics are printed where they happen.
            let _ = thread.join();
        }
    }
}

fn serve(
    runtime: &LocalRuntime,
    mut orders: UnboundedReceiver<Order>,
    news: UnboundedSender<News>,
    zero: Instant,
    commands: Arc<AtomicU64>,
) {
    runtime.block_on(async {
        let said = news.clone();
        let calls = move |call| {
            // Nobody listens any more when everything is over.
            let _ = said.send(News::Gate(call));
        };
        let mut sluice = Sluice::new(Box::new(calls), zero, commands);
        while let Some(order) = orders.recv().await {
            let Order::Begin { scenario, team, reports } = order else { continue };
            let mut burst = Burst::begin(&scenario, team, &mut sluice, &news);
            burst.run(&mut orders, reports).await;
            let haul = burst.end().await;
            let _ = news.send(News::Over(Box::new(haul)));
        }
    });
}

/// One burst on one thread.
struct Burst<'a> {
    scenario: &'a Arc<dyn Scenario>,
    sluice: &'a mut Sluice,
    news: &'a UnboundedSender<News>,
    tasks: JoinSet<ProgramResult>,
    workers: BTreeMap<Id, WorkerId>,
    haul: Haul,
}

/// What happens next on a thread.
enum Next {
    Order(Option<Order>),
    Event(Event),
    End(Result<(Id, ProgramResult), JoinError>),
    Failure(GateError),
}

impl<'a> Burst<'a> {
    fn begin(
        scenario: &'a Arc<dyn Scenario>,
        team: Vec<Worker>,
        sluice: &'a mut Sluice,
        news: &'a UnboundedSender<News>,
    ) -> Self {
        sluice.shut();
        let (tasks, workers, haul) = (JoinSet::new(), BTreeMap::new(), Haul::default());
        let mut burst = Self { scenario, sluice, news, tasks, workers, haul };
        for worker in team {
            let (id, scenario) = (worker.id(), Arc::clone(scenario));
            let program = async move { scenario.work(worker).await };
            let task = burst.tasks.spawn_local(panics::told_elsewhere(program));
            burst.workers.insert(task.id(), id);
        }
        burst
    }

    async fn run(
        &mut self,
        orders: &mut UnboundedReceiver<Order>,
        mut reports: UnboundedReceiver<Event>,
    ) {
        loop {
            match self.next(orders, &mut reports).await {
                Next::Order(Some(Order::Release)) => self.sluice.release(),
                Next::Order(Some(Order::Aftermath(worker))) => self.begin_aftermath(worker),
                Next::Order(_) => break,
                Next::Event(event) => self.receive(event).await,
                Next::End(ended) => self.note_end(ended),
                Next::Failure(error) => self.say(News::Gate(Call::Failed(error))),
            }
        }
        self.haul.waiting = self.sluice.waiting();
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.note_end(ended);
        }
        while let Ok(event) = reports.try_recv() {
            self.receive(event).await;
        }
    }

    async fn next(
        &mut self,
        orders: &mut UnboundedReceiver<Order>,
        reports: &mut UnboundedReceiver<Event>,
    ) -> Next {
        poll_fn(|context| {
            if let Poll::Ready(order) = orders.poll_recv(context) {
                return Poll::Ready(Next::Order(order));
            }
            if let Poll::Ready(Some(event)) = reports.poll_recv(context) {
                return Poll::Ready(Next::Event(event));
            }
            if let Poll::Ready(Some(ended)) = self.tasks.poll_join_next_with_id(context) {
                return Poll::Ready(Next::End(ended));
            }
            match self.sluice.poll_accept(context) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Next::Failure(error)),
            }
        })
        .await
    }

    fn begin_aftermath(&mut self, worker: Worker) {
        let (id, scenario) = (worker.id(), Arc::clone(self.scenario));
        let program = async move { scenario.aftermath(worker).await };
        let task = self.tasks.spawn_local(panics::told_elsewhere(program));
        self.workers.insert(task.id(), id);
    }

    async fn receive(&mut self, event: Event) {
        match event {
            Event::Connect { worker, store, stream } => {
                self.sluice.connect(worker, store, Stream::InProcess(stream));
            }
            Event::Url { worker, store, answer } => match self.sluice.url(worker, store).await {
                // A worker that no longer waits needs no answer.
                Ok(url) => drop(url.map(|url| answer.send(url))),
                Err(error) => self.say(News::Gate(Call::Failed(error))),
            },
            Event::Sleep { worker, deadline, wake } => {
                self.say(News::Sleeps { worker, deadline, wake });
            }
            Event::Invoked { worker, number, name, argument, at } => {
                self.haul.reported.push(Reported::Invoked { at, worker, number, name, argument });
            }
            Event::Returned { number, end, at } => {
                self.haul.reported.push(Reported::Returned { at, number, end });
            }
        }
    }

    fn note_end(&mut self, ended: Result<(Id, ProgramResult), JoinError>) {
        let (id, joined) = match ended {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        if let Some(worker) = self.workers.remove(&id) {
            self.haul.ends.insert(worker, end_of(joined));
            self.say(News::Ended(worker));
        }
    }

    fn say(&self, news: News) {
        // Nobody listens any more when everything is over.
        let _ = self.news.send(news);
    }

    /// What is left, when all clients are gone.
    async fn end(mut self) -> Haul {
        self.haul.gone = self.sluice.close().await;
        self.haul.timings = self.sluice.take_timings();
        self.haul
    }
}
