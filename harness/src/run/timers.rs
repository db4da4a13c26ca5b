//! Owns [`Timers`]: tokio's clock as the run's, so that `tokio::time` of workers in this process passes when the scheduler
//! says so and never otherwise.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, advance, pause, resume, sleep_until};

use super::idle::Idle;

/// What is farther away is no timer of anybody.
const FAR: Duration = Duration::from_secs(365 * 24 * 3_600);
/// The grain of tokio's timers, which are rounded up to it from the start of the runtime.
const GRAIN: Duration = Duration::from_millis(1);

/// Tokio's clock of a runtime that was started paused. It stands still except where this says otherwise.
///
/// A paused clock goes to the next timer by itself when the runtime has nothing to do, unless a blocking task runs: so one
/// always does, and ends only for a moment when the next timer is looked for.
#[derive(Debug)]
pub(crate) struct Timers {
    /// When the runtime was started, from which its ticks are counted.
    start: Instant,
    /// When the execution was started.
    base: Cell<Instant>,
    hold: RefCell<Option<Hold>>,
}

#[derive(Debug)]
struct Hold {
    release: Sender<()>,
    task: JoinHandle<()>,
}

impl Hold {
    fn new() -> Self {
        let (release, released) = channel::<()>();
        // Its sender is dropped to end it.
        let task = spawn_blocking(move || {
            let _ = released.recv();
        });
        Self { release, task }
    }
}

impl Timers {
    /// To be called in the runtime before anything else; its clock runs until it is [frozen](Self::freeze).
    pub(crate) fn new() -> Self {
        let start = Instant::now();
        resume();
        Self { start, base: Cell::new(start), hold: RefCell::default() }
    }

    /// Stops the clock, at a tick: otherwise rounding would differ from run to run.
    pub(crate) async fn freeze(&self) {
        *self.hold.borrow_mut() = Some(Hold::new());
        pause();
        let over = Duration::from_nanos((Instant::now() - self.start).as_nanos() as u64 % 1_000_000);
        if !over.is_zero() {
            advance(GRAIN - over).await;
        }
    }

    /// Lets the clock run again.
    pub(crate) fn thaw(&self) {
        resume();
        self.hold.take();
    }

    /// An execution starts.
    pub(crate) fn restart(&self) {
        self.base.set(Instant::now());
    }

    /// Makes it `now` since the start of the execution: timers until then fire.
    pub(crate) async fn pass_to(&self, now: Duration) {
        let millis = u64::try_from(now.as_nanos().div_ceil(GRAIN.as_nanos())).unwrap_or(u64::MAX);
        let ahead =
            (self.base.get() + Duration::from_millis(millis)).saturating_duration_since(Instant::now());
        if !ahead.is_zero() {
            advance(ahead).await;
        }
    }

    /// Lets timers fire, the next one first, until `progress` sees that something has come of it, and says when that was since
    /// the start of the execution; `None` if there is none. To be called when the runtime has nothing to do.
    pub(crate) async fn fire_next<E>(
        &self,
        idle: &Idle,
        mut progress: impl FnMut(&mut Context<'_>) -> Result<bool, E>,
    ) -> Result<Option<Duration>, E> {
        let (before, end) = (Instant::now(), Instant::now() + FAR);
        let mut far = pin!(sleep_until(end));
        if let Some(Hold { release, task }) = self.hold.take() {
            drop(release);
            // It does nothing that could fail.
            let _ = task.await;
        }
        let found = poll_fn(|context| {
            if progress(context)? {
                return Poll::Ready(Ok(true));
            }
            // Being polled registers it: it bounds how far the clock goes.
            if far.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(false));
            }
            // The first time that the runtime is about to wait the clock goes on, to a timer or to where tokio sorts its timers
            // anew; the second time it must not before we have looked.
            idle.take_ring();
            idle.arm_after_one(context.waker());
            Poll::Pending
        });
        let found = found.await;
        *self.hold.borrow_mut() = Some(Hold::new());
        let now = Instant::now();
        if found? {
            return Ok(Some(now - self.base.get()));
        }
        self.base.set(self.base.get() + (now - before));
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use super::*;

    fn runtime(idle: &Arc<Idle>) -> tokio::runtime::Runtime {
        let bell = Arc::clone(idle);
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).on_thread_park(move || bell.ring());
        builder.build().expect("a runtime")
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Two timers, one of them far away: each fires alone, and then there is none.
    #[test]
    fn timers_fire_one_after_the_other_without_real_time() {
        let idle = Arc::new(Idle::default());
        runtime(&idle).block_on(async {
            let timers = Timers::new();
            timers.freeze().await;
            timers.restart();
            let tasks = [ms(3_600_000), ms(7)].map(|after| tokio::spawn(sleep_until(Instant::now() + after)));
            tokio::task::yield_now().await;
            let ended = || tasks.iter().filter(|task| task.is_finished()).count();
            for (number, expected) in [Some(ms(7)), Some(ms(3_600_000)), None].into_iter().enumerate() {
                let fired = timers.fire_next(&idle, |_| Ok::<_, Infallible>(ended() > number)).await;
                assert_eq!(fired, Ok(expected));
            }
            assert_eq!(ended(), 2);
            timers.thaw();
        });
    }

    /// A timer fires at its moment and not before, whatever part of a millisecond has passed before.
    #[test]
    fn timer_fires_when_its_moment_is_reached() {
        let idle = Arc::new(Idle::default());
        for _ in 0..20 {
            runtime(&idle).block_on(async {
                let timers = Timers::new();
                timers.freeze().await;
                timers.restart();
                let task = tokio::spawn(sleep_until(Instant::now() + ms(10)));
                tokio::task::yield_now().await;
                timers.pass_to(ms(9)).await;
                tokio::task::yield_now().await;
                assert!(!task.is_finished());
                timers.pass_to(ms(10)).await;
                tokio::task::yield_now().await;
                assert!(task.is_finished());
                timers.thaw();
            });
        }
    }
}
