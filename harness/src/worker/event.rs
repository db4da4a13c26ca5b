//! Owns what a worker tells the execution that it is part of.

use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::sync::oneshot;

use crate::gate::Lease;
use crate::history::OperationEnd;
use crate::id::WorkerId;

/// A message from a worker.
#[derive(Debug)]
pub(crate) enum Event {
    /// It opened an in-process connection.
    Connect { worker: WorkerId, store: &'static str, stream: DuplexStream },
    /// It wants a URL.
    Url { worker: WorkerId, store: &'static str, lease: Lease, answer: oneshot::Sender<String> },
    /// Its program goes on in this process of the system, and in those that that has started.
    RunsIn { worker: WorkerId, process: u32 },
    /// It waits until everything else is at rest.
    Alone { worker: WorkerId, go: oneshot::Sender<()> },
    /// It looks at what workers share in their process.
    Shares,
    /// The operation in this `place` (from 0) of its generated program begins.
    Begins { worker: WorkerId, place: usize },
    /// It sleeps until `deadline` of the run's clock.
    Sleep { worker: WorkerId, deadline: Duration, wake: oneshot::Sender<()> },
    /// An operation begins; `number` counts the operations of all workers from 0. `at` orders the begins and ends of
    /// all workers, also of those on other threads.
    Invoked { worker: WorkerId, number: usize, name: String, argument: String, at: u64 },
    /// An operation ends.
    Returned { number: usize, end: OperationEnd, at: u64 },
}
