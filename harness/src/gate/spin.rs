//! Owns the short wait for an answer that is expected within microseconds.
//!
//! A local store answers in 10 to 30 µs, and putting a thread to sleep and waking it costs as much again. So
//! for a short while the answer is asked for again and again; after that the thread sleeps. Only the cost of
//! waiting depends on time, nothing else does.
//!
//! A thread that asks again and again keeps a core from the very store that it waits for, if there is no other. So where more
//! engines are at work than there are pairs of cores on which the thread may run, it sleeps in the kernel from the start. (An engine
//! that is bound to a core shares it with its stores: see [`core`](crate::run) of the runs.)

use std::future::poll_fn;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Stream;

/// Longest time to go on asking before the thread sleeps.
pub(crate) const SPIN_MAX: Duration = Duration::from_micros(60);
/// Bytes read at a time.
const READ_BYTES: usize = 4 << 10;

/// How many engines of this process are at work, each on a thread of its own before stores of its own.
static ENGINES: AtomicUsize = AtomicUsize::new(0);

/// One engine that is at work, for as long as it lives.
#[derive(Debug)]
pub(crate) struct AtWork(());

impl AtWork {
    pub(crate) fn begin() -> Self {
        ENGINES.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        ENGINES.fetch_sub(1, Ordering::Relaxed);
    }
}

thread_local! {
    /// On how many cores this thread may run.
    static CORES: usize = thread::available_parallelism().map_or(1, usize::from);
}

/// Whether engines and the stores that they wait for are more than there are cores for.
fn is_crowded() -> bool {
    2 * ENGINES.load(Ordering::Relaxed) > CORES.with(|cores| *cores)
}

/// Waits for `poll` to be ready, at first without letting the thread sleep.
pub(crate) async fn spinning<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut started = None;
    poll_fn(move |context| {
        let ready = poll(context);
        let may_spin = ready.is_pending() && !is_crowded();
        if may_spin && started.get_or_insert_with(Instant::now).elapsed() < SPIN_MAX {
            context.waker().wake_by_ref();
        }
        ready
    })
    .await
}

/// Reads from the socket of `stream` past the runtime, until something is there, the other side is gone or
/// `limit` is over; whoever called waits for the rest in the ordinary way.
///
/// Nothing else runs on this thread meanwhile, so it is for moments at which nothing else could.
pub(crate) fn spin_read(stream: &Stream, input: &mut BytesMut, limit: Duration) {
    let Some(socket) = socket(stream) else { return };
    let started = Instant::now();
    let mut bytes = [0; READ_BYTES];
    loop {
        match rustix::io::read(socket, &mut bytes) {
            Ok(length) => return input.extend_from_slice(&bytes[..length]),
            Err(Errno::AGAIN) if started.elapsed() < limit => match is_crowded() {
                true => sleep_until_readable(socket, limit),
                // Another process may wait for this very core.
                false => thread::yield_now(),
            },
            // An error, like the end, is left for the runtime to see.
            Err(_) => return,
        }
    }
}

/// Sleeps until something can be read from `socket` or `limit` is over; what interrupts it is no error, for it is read again.
fn sleep_until_readable(socket: BorrowedFd<'_>, limit: Duration) {
    let limit = Timespec::try_from(limit).expect("it is less than a second");
    let _ = poll(&mut [PollFd::from_borrowed_fd(socket, PollFlags::IN)], Some(&limit));
}

/// Whether the other side has neither gone nor said anything since it was last listened to.
pub(crate) fn is_quiet(stream: &Stream) -> bool {
    let read = |socket| rustix::io::read(socket, &mut [0; 1]);
    socket(stream).is_none_or(|socket| matches!(read(socket), Err(Errno::AGAIN)))
}

fn socket(stream: &Stream) -> Option<BorrowedFd<'_>> {
    match stream {
        Stream::InProcess(_) => None,
        Stream::Tcp(stream) => Some(stream.as_fd()),
        Stream::Unix(stream) => Some(stream.as_fd()),
    }
}
