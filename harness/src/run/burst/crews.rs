//! Owns [`Crews`]: the threads over which the workers of a burst are spread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread::available_parallelism;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::crew::{Crew, News, Order};
use crate::clock::RunClock;
use crate::error::Error;
use crate::id::WorkerId;
use crate::scenario::Scenario;
use crate::worker::{Event, Worker};

/// Fewer than this are no parallelism, however many cores there are.
const THREADS_MIN: usize = 2;

/// Threads that serve one burst after the other. They end when this is dropped.
pub(super) struct Crews {
    crews: Vec<Crew>,
    news: UnboundedReceiver<News>,
    /// By thread: commands that were answered.
    commands: Vec<Arc<AtomicU64>>,
    /// What times are counted from.
    pub(super) zero: Instant,
}

impl Crews {
    /// As many threads as there are cores, but no more than workers.
    pub(super) fn hire(workers: usize) -> Result<Self, Error> {
        let cores = available_parallelism().map_or(THREADS_MIN, usize::from).max(THREADS_MIN);
        let (say, news) = unbounded_channel();
        let zero = Instant::now();
        let commands: Vec<Arc<AtomicU64>> = (0..cores.min(workers)).map(|_| Arc::default()).collect();
        let hire = |(number, commands): (usize, &Arc<AtomicU64>)| {
            Crew::hire(number, say.clone(), zero, Arc::clone(commands))
        };
        let crews =
            commands.iter().enumerate().map(hire).collect::<Result<_, _>>().map_err(Error::Runtime)?;
        Ok(Self { crews, news, commands, zero })
    }

    pub(super) fn len(&self) -> usize {
        self.crews.len()
    }

    /// Commands that the stores have answered so far.
    pub(super) fn commands(&self) -> u64 {
        self.commands.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Starts the programs of `workers`, spread over the threads; where one that comes later may report to.
    pub(super) fn begin(
        &self,
        scenario: &Arc<dyn Scenario>,
        workers: &[WorkerId],
        seed: u64,
        clock: &RunClock,
    ) -> (Worker, UnboundedSender<Event>) {
        let channels: Vec<_> = self.crews.iter().map(|_| unbounded_channel()).collect();
        let events: Vec<UnboundedSender<Event>> = channels.iter().map(|(events, _)| events.clone()).collect();
        let first = Worker::first(workers.len(), seed, clock, events[0].clone());
        for (number, (crew, (_, reports))) in self.crews.iter().zip(channels).enumerate() {
            let own = workers.iter().skip(number).step_by(self.crews.len());
            let team = own.map(|id| first.colleague(*id, events[number].clone())).collect();
            crew.tell(Order::Begin { scenario: Arc::clone(scenario), team, reports });
        }
        (first, events[0].clone())
    }

    pub(super) fn release(&self) {
        self.crews.iter().for_each(|crew| crew.tell(Order::Release));
    }

    pub(super) fn end(&self) {
        self.crews.iter().for_each(|crew| crew.tell(Order::End));
    }

    /// Starts the aftermath, on the first thread.
    pub(super) fn follow_up(&self, worker: Worker) {
        self.crews[0].tell(Order::Aftermath(worker));
    }

    pub(super) fn poll_news(&mut self, context: &mut Context<'_>) -> Poll<News> {
        let news = self.news.poll_recv(context);
        news.map(|news| news.expect("a thread ends only when it is let go"))
    }

    /// Whether a thread of ours has ended, which only a bug of ours makes it do.
    pub(super) fn is_broken(&self) -> bool {
        self.crews.iter().any(Crew::is_gone)
    }
}
