//! Owns [`Recording`]: what was said on a connection past the gate, as it can be typed into the store's own client. Of a
//! set-up it is what recreates the state in which executions start.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::{self, RequestClass, Session};

/// Most bytes that are kept of one set-up, both directions together.
const RECORDED_BYTES_MAX: usize = 1 << 20;

/// What goes by on one connection, from when it is [begun](Self::begin).
#[derive(Clone, Default)]
pub(super) struct Recording(Arc<Mutex<Tape>>);

#[derive(Default)]
struct Tape {
    /// Who spoke (the client, or else the server), and what it said.
    said: Vec<(bool, Vec<u8>)>,
    bytes: usize,
}

/// A stream whose bytes are recorded.
pub(super) struct Recorded<S> {
    stream: S,
    recording: Recording,
}

impl Recording {
    /// Wraps `stream`, so that what goes by on it is recorded.
    pub(super) fn on<S>(&self, stream: S) -> Recorded<S> {
        Recorded { stream, recording: self.clone() }
    }

    /// Forgets what went by so far.
    pub(super) fn begin(&self) {
        *self.tape() = Tape::default();
    }

    /// What was asked since, followed by `session`, which knows the connection from its begin. `None` if it cannot be typed
    /// or was too much.
    pub(super) fn transcript(&self, session: &mut dyn Session) -> Option<Vec<String>> {
        let tape = std::mem::take(&mut *self.tape());
        if tape.bytes > RECORDED_BYTES_MAX {
            return None;
        }
        let (mut asked, mut answered, mut requests) = (Vec::new(), Vec::new(), Vec::new());
        for (by_client, bytes) in tape.said {
            if by_client { &mut asked } else { &mut answered }.extend(bytes);
            while let Some(request) = session.request(&asked).ok()? {
                let bytes: Vec<u8> = asked.drain(..request.length).collect();
                if request.class != RequestClass::Goodbye {
                    requests.push((bytes, request.context));
                }
            }
            while let Some(reply) = session.reply(&answered).ok()? {
                answered.drain(..reply.length);
            }
        }
        // What a request refers to is known only when it was answered.
        let typed =
            |(bytes, context): &(Vec<u8>, Option<wire::Context>)| session.transcribe(bytes, context.as_ref());
        let typed: Option<Vec<Vec<String>>> = requests.iter().map(typed).collect();
        asked.is_empty().then(|| typed.map(|parts| parts.concat())).flatten()
    }

    fn take(&self, by_client: bool, bytes: &[u8]) {
        let mut tape = self.tape();
        tape.bytes += bytes.len();
        if tape.bytes <= RECORDED_BYTES_MAX {
            tape.said.push((by_client, bytes.to_vec()));
        }
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.recording.take(false, &buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.recording.take(true, &bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Limits;
    use crate::wire::redis::{RedisSession, command};

    fn transcript(said: &[(bool, &[u8])]) -> Option<Vec<String>> {
        let recording = Recording::default();
        recording.take(true, b"what was said before");
        recording.begin();
        said.iter().for_each(|(by_client, bytes)| recording.take(*by_client, bytes));
        recording.transcript(&mut RedisSession::new(Limits::default()))
    }

    #[test]
    fn set_up_is_told_as_it_can_be_typed() {
        let (set, push) = (command(&[b"SET", b"a", b"1 2"]), command(&[b"LPUSH", b"b", b"x"]));
        let both = [set.as_slice(), &push[..9]].concat();
        let said: [(bool, &[u8]); 4] =
            [(true, &both), (false, b"+O"), (true, &push[9..]), (false, b"K\r\n:1\r\n")];
        assert_eq!(transcript(&said), Some(vec!["SET a \"1 2\"".to_owned(), "LPUSH b x".to_owned()]));
        assert_eq!(transcript(&[]), Some(Vec::new()));
    }

    /// A part would not recreate the state.
    #[test]
    fn what_is_incomplete_or_too_much_is_no_transcript() {
        assert_eq!(transcript(&[(true, b"*2\r\n$3\r\nGET\r\n")]), None);
        let long = command(&[b"SET", b"a", &vec![b'x'; RECORDED_BYTES_MAX]]);
        assert_eq!(transcript(&[(true, &long)]), None);
    }
}
