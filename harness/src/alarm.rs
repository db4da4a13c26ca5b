//! Owns real time for the harness itself: waits that last as long as they say, also while tokio's clock stands still, which
//! is the clock of the programs under test. One thread wakes whoever waits.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Those that wait; its thread is started by the first wait and lives as long as the process.
static ROLL: OnceLock<(Mutex<Roll>, Thread)> = OnceLock::new();

/// The limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Who is to be woken when.
#[derive(Debug, Default)]
struct Roll {
    waiting: BTreeMap<(Instant, u64), Waker>,
    /// How many there have been.
    count: u64,
    /// When the thread looks again by itself. Most waits are over long before their limit, so it sleeps on when new ones
    /// come that end later, and finds nothing to do when it wakes.
    looks_at: Option<Instant>,
}

/// A wait for a moment.
#[derive(Debug)]
pub(crate) struct Alarm {
    at: Instant,
    /// Its number on the roll and who is to be woken, once it is there.
    known: Option<(u64, Waker)>,
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
        if !self.known.as_ref().is_some_and(|(_, known)| known.will_wake(waker)) {
            self.strike_off();
            self.known = Some((enrol(self.at, waker.clone()), waker.clone()));
        }
        Poll::Pending
    }

    fn strike_off(&mut self) {
        if let Some((number, _)) = self.known.take() {
            roll().waiting.remove(&(self.at, number));
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.strike_off();
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

fn clockwork() -> &'static (Mutex<Roll>, Thread) {
    ROLL.get_or_init(|| {
        let builder = thread::Builder::new().name("alarm".to_owned());
        let started = builder.spawn(|| {
            loop {
                wake_all();
            }
        });
        (Mutex::default(), started.expect("the system has a thread to spare").thread().clone())
    })
}

fn roll() -> MutexGuard<'static, Roll> {
    clockwork().0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts somebody on the roll; the number there.
fn enrol(at: Instant, waker: Waker) -> u64 {
    let mut roll = roll();
    roll.count += 1;
    let number = roll.count;
    roll.waiting.insert((at, number), waker);
    let looks_in_time = roll.looks_at.is_some_and(|looks_at| looks_at <= at);
    drop(roll);
    if !looks_in_time {
        clockwork().1.unpark();
    }
    number
}

/// Wakes everybody whose time has come, and sleeps until that of the next one.
fn wake_all() {
    let now = Instant::now();
    let mut roll = roll();
    let mut due = Vec::new();
    while let Some(first) = roll.waiting.first_entry().filter(|first| first.key().0 <= now) {
        due.push(first.remove());
    }
    roll.looks_at = roll.waiting.keys().next().map(|(at, _)| *at);
    let next = roll.looks_at;
    drop(roll);
    due.into_iter().for_each(Waker::wake);
    match next {
        Some(next) => thread::park_timeout(next.saturating_duration_since(now)),
        None => thread::park(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that ends earlier than those that came before it, and one that is given up.
    #[tokio::test]
    async fn each_wait_ends_at_its_own_time() {
        let started = Instant::now();
        let long = timeout(Duration::from_secs(60), sleep(Duration::from_millis(20)));
        let short = async {
            sleep(Duration::from_millis(5)).await;
            started.elapsed()
        };
        let (long, short) = tokio::join!(long, short);
        assert_eq!(long, Ok(()));
        assert!(Duration::from_millis(5) <= short && Duration::from_millis(20) <= started.elapsed());
        let given_up = Alarm::after(Duration::from_secs(3_600)).at;
        assert_eq!(timeout(Duration::from_secs(3_600), std::future::ready(2)).await, Ok(2));
        assert!(roll().waiting.keys().all(|(at, _)| *at < given_up));
    }

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
