//! Owns [`Crew`]: the workers of one thread, which run free there in one burst after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::reported::Reported;
use super::shift::Shift;
use crate::gate::{Call, Returned, Sluice, Tape, Timings};
use crate::history::WorkerEnd;
use crate::id::WorkerId;
use crate::scenario::Scenario;
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
            let mut shift = Shift::begin(&scenario, team, &mut sluice, &news);
            shift.run(&mut orders, reports).await;
            let haul = shift.end().await;
            let _ = news.send(News::Over(Box::new(haul)));
        }
    });
}
