//! Owns [`Exchange`]: questions of the harness's own to Redis, on a connection that no worker has.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::NAME;
use crate::gate::{BackendError, SPIN_MAX, Stream, spin_read};
use crate::store::Address;
use crate::store::connect::connect;
use crate::wire::Limits;
use crate::wire::redis::{Scanner, Value, command, decode};

/// Limits on what our own questions are answered with: the content of a store may be large.
const LIMITS: Limits = Limits { message_bytes_max: 512 << 20, elements_max: 16 << 20, depth_max: 32 };

/// A connection on which requests and replies alternate.
#[derive(Debug)]
pub(super) struct Exchange {
    stream: Stream,
    input: BytesMut,
    /// Whether a question was given up before its answer came: what comes next would answer that one.
    out_of_step: bool,
}

impl Exchange {
    pub(super) async fn open(address: &Address) -> Result<Self, BackendError> {
        let opened = connect(address).await;
        let stream = opened.map_err(|source| BackendError::Io { store: NAME, action: "connect", source })?;
        Ok(Self::over(stream))
    }

    pub(super) fn over(stream: Stream) -> Self {
        Self { stream, input: BytesMut::new(), out_of_step: false }
    }

    /// The stream, for use as a worker's upstream.
    pub(super) fn into_stream(self) -> Stream {
        assert!(self.input.is_empty(), "every reply has been read");
        self.stream
    }

    /// Returns when the server has ended the connection.
    pub(super) async fn see_the_end(&mut self, limit: Duration) -> Result<(), BackendError> {
        self.out_of_step = true;
        let end = async { while self.stream.read_buf(&mut self.input).await.is_ok_and(|read| read > 0) {} };
        let late =
            |_| BackendError::Io { store: NAME, action: "end", source: io::ErrorKind::TimedOut.into() };
        crate::alarm::timeout(limit, end).await.map_err(late)
    }

    /// Sends `commands` together and returns what `read` makes of each reply; `action` says in an error what
    /// was attempted.
    pub(super) async fn ask<T>(
        &mut self,
        action: &'static str,
        commands: &[&[&[u8]]],
        mut read: impl FnMut(usize, &Value<'_>) -> Result<T, String>,
    ) -> Result<Vec<T>, BackendError> {
        let failed = |source| BackendError::Io { store: NAME, action, source };
        let refused = |answer| BackendError::Refused { store: NAME, action, answer };
        if std::mem::replace(&mut self.out_of_step, true) {
            return Err(refused("an earlier question was never answered".to_owned()));
        }
        let request: Vec<u8> = commands.iter().flat_map(|arguments| command(arguments)).collect();
        self.stream.write_all(&request).await.map_err(failed)?;
        spin_read(&self.stream, &mut self.input, SPIN_MAX);
        let mut answers = Vec::with_capacity(commands.len());
        let mut scanner = Scanner::new(LIMITS);
        while answers.len() < commands.len() {
            let scanned = scanner.scan(&self.input).map_err(|error| refused(error.to_string()))?;
            let Some(frame) = scanned else {
                if self.stream.read_buf(&mut self.input).await.map_err(failed)? == 0 {
                    return Err(failed(io::ErrorKind::UnexpectedEof.into()));
                }
                continue;
            };
            let message = self.input.split_to(frame.length);
            let value = decode(&message).map_err(|error| refused(error.to_string()))?;
            answers.push(read(answers.len(), &value));
        }
        self.out_of_step = false;
        answers.into_iter().collect::<Result<_, _>>().map_err(refused)
    }

    /// Like [`ask`](Self::ask), for commands of which only success matters.
    pub(super) async fn tell(
        &mut self,
        action: &'static str,
        commands: &[&[&[u8]]],
    ) -> Result<(), BackendError> {
        self.ask(action, commands, |_, value| refusal(value).map_or(Ok(()), Err)).await?;
        Ok(())
    }
}

/// The text of an error reply.
pub(super) fn refusal(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Error(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}
