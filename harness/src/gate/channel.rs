//! Owns [`Channel`]: one stream with what was read and not yet understood and what is still to be written.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;
use tokio_util::io::poll_read_buf;

use super::{Stream, spin_read};

/// Bytes asked of a stream at a time.
const READ_BYTES: usize = 4 << 10;
/// Unread bytes beyond which a stream is left alone until some are taken: back pressure, not an error.
const INPUT_BYTES_MAX: usize = 96 << 20;

/// A stream and its buffers. Polling never waits: it does what is possible now and registers the task
/// for the rest.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: Stream,
    /// What was read and not yet taken.
    pub(crate) input: BytesMut,
    output: BytesMut,
    closed: bool,
}

impl Channel {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, input: BytesMut::new(), output: BytesMut::new(), closed: false }
    }

    /// Whether the other side will send nothing more, or cannot be written to.
    pub(crate) fn closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn through_kernel(&self) -> bool {
        self.stream.through_kernel()
    }

    /// Whether something sent is not written yet.
    pub(crate) fn writing(&self) -> bool {
        !self.output.is_empty()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Takes bytes off the front of the input. Small ones are copied: a slice would keep the whole buffer
    /// alive for as long as the history holds it.
    pub(crate) fn take(&mut self, length: usize) -> Bytes {
        if length >= READ_BYTES {
            return self.input.split_to(length).freeze();
        }
        let bytes = Bytes::copy_from_slice(&self.input[..length]);
        self.input.advance(length);
        bytes
    }

    /// The stream, if nothing is left in its buffers.
    pub(crate) fn into_stream(self) -> Option<Stream> {
        let clear = self.input.is_empty() && self.output.is_empty() && !self.closed;
        clear.then_some(self.stream)
    }

    /// Reads for up to `limit` past the runtime; `true` if something came.
    pub(crate) fn spin_fill(&mut self, limit: Duration) -> bool {
        let before = self.input.len();
        spin_read(&self.stream, &mut self.input, limit);
        self.input.len() > before
    }

    /// Reads what there is; `true` if something was read or the stream turned out to be closed.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> bool {
        let mut progress = false;
        while !self.closed && self.input.len() < INPUT_BYTES_MAX {
            self.input.reserve(READ_BYTES);
            match poll_read_buf(Pin::new(&mut self.stream), context, &mut self.input) {
                Poll::Pending => break,
                Poll::Ready(result) => {
                    self.closed = !matches!(result, Ok(read) if read > 0);
                    progress = true;
                }
            }
        }
        progress
    }

    /// Writes what can be written; `true` if something was.
    pub(crate) fn poll_drain(&mut self, context: &mut Context<'_>) -> bool {
        let mut progress = false;
        while !self.output.is_empty() {
            match Pin::new(&mut self.stream).poll_write(context, &self.output) {
                Poll::Pending => break,
                Poll::Ready(Ok(written)) if written > 0 => self.output.advance(written),
                Poll::Ready(_) => {
                    self.output.clear();
                    self.closed = true;
                }
            }
            progress = true;
        }
        progress
    }
}
