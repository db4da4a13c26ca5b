//! Owns [`spinning`]: waiting for an answer that is expected within microseconds.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Longest time to go on asking the system before the thread sleeps. A local store answers in 10 to 30 µs,
/// and putting a thread to sleep and waking it costs as much again.
const SPIN_US_MAX: Duration = Duration::from_micros(60);

/// Waits for `poll` to be ready, at first without letting the thread sleep. Only the cost of waiting depends on time, nothing
/// else does.
pub(crate) async fn spinning<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut started = None;
    poll_fn(move |context| {
        let ready = poll(context);
        if ready.is_pending() && started.get_or_insert_with(Instant::now).elapsed() < SPIN_US_MAX {
            context.waker().wake_by_ref();
        }
        ready
    })
    .await
}
