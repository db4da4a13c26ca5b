//! Owns real time for the harness itself: waits that last as long as they say, also while tokio's clock stands still, which
//! is the clock of the programs under test. One thread wakes whoever waits.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// The thread's mailbox; it is started by the first wait and lives as long as the process.
static MAILBOX: OnceLock<Sender<(Instant, Waker)>> = OnceLock::new();

/// The limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// A wait for a moment.
#[derive(Debug)]
pub(crate) struct Alarm {
    at: Instant,
    /// Who is to be woken, once the thread knows.
    known: Option<Waker>,
}

impl Alarm {
    /// Rings after `duration`.
    pub(crate) fn after(duration: Duration) -> Self {
        Self { at: Instant::now() + duration, known: None }
    }

    /// Whether the moment has come; if not, the task is woken when it does.
    pub(crate) fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let waker = context.waker();
        // Not `will_wake`: it compares tables of functions too, and a clone may have another copy of the same table. Then
        // the thread would be told at each poll. Who is known is kept alive, so nobody else has its address.
        if self.known.as_ref().is_none_or(|known| known.data() != waker.data()) {
            self.known = Some(waker.clone());
            // The thread lives as long as the process does.
            let _ = mailbox().send((self.at, waker.clone()));
        }
        Poll::Pending
    }
}

/// Waits for `duration`.
pub(crate) async fn sleep(duration: Duration) {
    let mut alarm = Alarm::after(duration);
    poll_fn(|context| alarm.poll(context)).await;
}

/// What `future` gives, if it does so within `limit`.
pub(crate) async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, Elapsed> {
    let (mut future, mut alarm) = (pin!(future), Alarm::after(limit));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending => alarm.poll(context).map(|()| Err(Elapsed)),
    })
    .await
}

fn mailbox() -> &'static Sender<(Instant, Waker)> {
    MAILBOX.get_or_init(|| {
        let (sender, calls) = channel();
        let run = move || wake_all(&calls);
        thread::Builder::new().name("alarm".to_owned()).spawn(run).expect("the system has a thread to spare");
        sender
    })
}

fn wake_all(calls: &Receiver<(Instant, Waker)>) {
    let mut waiting: BTreeMap<(Instant, u64), Waker> = BTreeMap::new();
    for number in 0.. {
        let now = Instant::now();
        while let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= now) {
            first.remove().wake();
        }
        let call = match waiting.first_key_value() {
            Some(((next, _), _)) => calls.recv_timeout(next.saturating_duration_since(now)),
            None => calls.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match call {
            Ok((at, waker)) => drop(waiting.insert((at, number), waker)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runtime's clock is paused and would never end a wait of its own here.
    #[tokio::test(start_paused = true)]
    async fn wait_ends_although_the_clock_of_the_runtime_stands_still() {
        let held = tokio::task::spawn_blocking(|| thread::park_timeout(Duration::from_secs(5)));
        let started = Instant::now();
        assert_eq!(timeout(Duration::from_millis(5), std::future::pending::<()>()).await, Err(Elapsed));
        sleep(Duration::from_millis(5)).await;
        assert!(started.elapsed() >= Duration::from_millis(10) && !held.is_finished());
        assert_eq!(timeout(Duration::ZERO, std::future::ready(1)).await, Ok(1));
        held.abort();
    }
}
