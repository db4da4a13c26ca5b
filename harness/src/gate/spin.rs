//! Owns the short wait for an answer that is expected within microseconds.
//!
//! A local store answers in 10 to 30 µs, and putting a thread to sleep and waking it costs as much again. So
//! for a short while the answer is asked for again and again; after that the thread sleeps. Only the cost of
//! waiting depends on time, nothing else does.

use std::future::poll_fn;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::Stream;

/// Longest time to go on asking before the thread sleeps.
pub(crate) const SPIN_MAX: Duration = Duration::from_micros(60);
/// Bytes read at a time.
const READ_BYTES: usize = 4 << 10;

/// Waits for `poll` to be ready, at first without letting the thread sleep.
pub(crate) async fn spinning<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut started = None;
    poll_fn(move |context| {
        let ready = poll(context);
        if ready.is_pending() && started.get_or_insert_with(Instant::now).elapsed() < SPIN_MAX {
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
            // Where other engines run, the store may be waiting for this very core.
            Err(rustix::io::Errno::AGAIN) if started.elapsed() < limit => thread::yield_now(),
            // An error, like the end, is left for the runtime to see.
            Err(_) => return,
        }
    }
}

/// Whether the other side has neither gone nor said anything since it was last listened to.
pub(crate) fn is_quiet(stream: &Stream) -> bool {
    let read = |socket| rustix::io::read(socket, &mut [0; 1]);
    socket(stream).is_none_or(|socket| matches!(read(socket), Err(rustix::io::Errno::AGAIN)))
}

fn socket(stream: &Stream) -> Option<BorrowedFd<'_>> {
    match stream {
        Stream::InProcess(_) => None,
        Stream::Tcp(stream) => Some(stream.as_fd()),
        Stream::Unix(stream) => Some(stream.as_fd()),
    }
}
