//! Owns [`Exchange`]: questions of the harness's own to Postgres, on a connection that no worker has.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::NAME;
use super::batch::Batch;
use super::row::Row;
use crate::gate::{BackendError, Stream, spin_read};
use crate::store::Address;
use crate::store::connect::connect;

/// Longest answer to a question of our own: one row of a store may be large.
const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// How long it is worth to listen without letting go of the thread: some of our questions take a while.
const SPIN_US_MAX: Duration = Duration::from_micros(200);
/// Bytes of a message before its body.
const HEAD_BYTES: usize = 5;

/// A connection on which questions and answers alternate.
#[derive(Debug)]
pub(super) struct Exchange {
    stream: Stream,
    input: BytesMut,
    /// Whether a question was given up before its answer came: what comes next would answer that one.
    out_of_step: bool,
}

/// One message of the server.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) tag: u8,
    pub(super) body: Bytes,
    /// All of it.
    pub(super) whole: Bytes,
}

/// What the server said when it would not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) sqlstate: String,
    pub(super) message: String,
}

/// What each statement of a batch gave.
pub(super) type Answers = Vec<Vec<Row>>;

impl Exchange {
    pub(super) async fn open(address: &Address) -> Result<Self, BackendError> {
        let opened = connect(address).await;
        let stream = opened.map_err(|source| BackendError::Io { store: NAME, action: "connect", source })?;
        Ok(Self::over(stream))
    }

    pub(super) fn over(stream: Stream) -> Self {
        Self { stream, input: BytesMut::new(), out_of_step: false }
    }

    /// The stream, for use as a worker's upstream, and what was said on it that nobody has read.
    pub(super) fn into_parts(self) -> (Stream, BytesMut) {
        (self.stream, self.input)
    }

    /// Sends `batch` and returns what each of its statements gave; `action` says in an error what was attempted.
    pub(super) async fn ask(&mut self, action: &'static str, batch: &Batch) -> Result<Answers, BackendError> {
        self.try_ask(action, batch).await?.map_err(|refusal| refusal.into_error(action))
    }

    /// Like [`ask`](Self::ask), for a question that may be refused: the first refusal of any section.
    pub(super) async fn try_ask(
        &mut self,
        action: &'static str,
        batch: &Batch,
    ) -> Result<Result<Answers, Refusal>, BackendError> {
        self.send(action, batch).await?;
        self.answers(action, batch).await
    }

    /// Sends `batch` and returns what each of its sections gave.
    pub(super) async fn ask_each(
        &mut self,
        action: &'static str,
        batch: &Batch,
    ) -> Result<Vec<Result<Answers, Refusal>>, BackendError> {
        self.send(action, batch).await?;
        self.sections(action, batch).await
    }

    /// Sends `batch`, whose [answers](Self::answers) are read later.
    pub(super) async fn send(&mut self, action: &'static str, batch: &Batch) -> Result<(), BackendError> {
        if std::mem::replace(&mut self.out_of_step, true) {
            return Err(refused(action, "an earlier question was never answered"));
        }
        self.write(action, &batch.bytes).await
    }

    /// Reads what each statement of `batch` gave.
    pub(super) async fn answers(
        &mut self,
        action: &'static str,
        batch: &Batch,
    ) -> Result<Result<Answers, Refusal>, BackendError> {
        let sections = self.sections(action, batch).await?;
        Ok(sections.into_iter().collect::<Result<Vec<_>, _>>().map(|sections| sections.concat()))
    }

    async fn sections(
        &mut self,
        action: &'static str,
        batch: &Batch,
    ) -> Result<Vec<Result<Answers, Refusal>>, BackendError> {
        spin_read(&self.stream, &mut self.input, SPIN_US_MAX);
        let (mut sections, mut answers, mut rows) = (Vec::new(), Answers::new(), Vec::new());
        let mut refusal = None;
        while sections.len() < batch.sections {
            let message = self.receive(action).await?;
            match message.tag {
                b'D' => rows.push(Row(message.body)),
                // A statement is over; an empty one gives nothing.
                b'C' | b'I' => answers.push(std::mem::take(&mut rows)),
                b'E' => {
                    rows.clear();
                    refusal.get_or_insert(Refusal::read(&message.body));
                }
                b'Z' => {
                    let given = std::mem::take(&mut answers);
                    sections.push(refusal.take().map_or(Ok(given), Err));
                }
                _ => {}
            }
        }
        self.out_of_step = false;
        Ok(sections)
    }

    /// Writes bytes that are no batch.
    pub(super) async fn write(&mut self, action: &'static str, bytes: &[u8]) -> Result<(), BackendError> {
        self.stream.write_all(bytes).await.map_err(|source| BackendError::Io { store: NAME, action, source })
    }

    /// The next message.
    pub(super) async fn receive(&mut self, action: &'static str) -> Result<Message, BackendError> {
        loop {
            if let Some(message) = self.cut(action)? {
                return Ok(message);
            }
            let read = self.stream.read_buf(&mut self.input).await;
            let source = match read {
                Ok(0) => io::ErrorKind::UnexpectedEof.into(),
                Ok(_) => continue,
                Err(source) => source,
            };
            return Err(BackendError::Io { store: NAME, action, source });
        }
    }

    fn cut(&mut self, action: &'static str) -> Result<Option<Message>, BackendError> {
        let Some((&[tag, a, b, c, d], _)) = self.input.split_first_chunk() else { return Ok(None) };
        let length =
            usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX).saturating_add(1);
        if !(HEAD_BYTES..=MESSAGE_BYTES_MAX).contains(&length) {
            return Err(refused(action, "its answer is no message of the protocol"));
        }
        if self.input.len() < length {
            self.input.reserve(length - self.input.len());
            return Ok(None);
        }
        let whole = self.input.split_to(length).freeze();
        let mut body = whole.clone();
        body.advance(HEAD_BYTES);
        Ok(Some(Message { tag, body, whole }))
    }

    /// Waits until the server has closed the connection.
    pub(super) async fn closed(&mut self, action: &'static str) -> Result<(), BackendError> {
        loop {
            self.input.clear();
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
                Err(source) => return Err(BackendError::Io { store: NAME, action, source }),
            }
        }
    }
}

impl Refusal {
    /// Reads an `ErrorResponse`: fields, each a letter and a text with a zero behind it.
    pub(super) fn read(body: &[u8]) -> Self {
        let field = |letter: u8| {
            let found = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&letter));
            String::from_utf8_lossy(found.map_or(&[], |field| &field[1..])).into_owned()
        };
        Self { sqlstate: field(b'C'), message: field(b'M') }
    }

    /// Whether the structure is not the one for which a statement was prepared.
    pub(super) fn is_structural(&self) -> bool {
        // A changed result, a missing table or column, a missing schema.
        ["0A000", "42P01", "42703", "3F000"].contains(&self.sqlstate.as_str())
    }

    pub(super) fn into_error(self, action: &'static str) -> BackendError {
        refused(action, format!("{} (SQLSTATE {})", self.message, self.sqlstate))
    }
}

/// An error that is not the system's.
pub(super) fn refused(action: &'static str, answer: impl Into<String>) -> BackendError {
    BackendError::Refused { store: NAME, action, answer: answer.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_its_fields() {
        let refusal = Refusal::read(b"SERROR\0VERROR\0C42P01\0Mrelation \"a\" does not exist\0P15\0\0");
        assert_eq!(refusal.sqlstate, "42P01");
        assert_eq!(refusal.message, "relation \"a\" does not exist");
    }

    /// What came behind the answer of a question that was given up would be taken for the next answer.
    #[tokio::test]
    async fn a_question_behind_an_unanswered_one_is_refused() {
        let (ours, theirs) = tokio::io::duplex(1 << 10);
        let mut exchange = Exchange::over(Stream::InProcess(ours));
        let mut batch = Batch::default();
        batch.query("SELECT 1");
        exchange.send("ask", &batch).await.unwrap();
        let again = exchange.ask("ask", &batch).await.unwrap_err();
        assert!(again.to_string().contains("never answered"), "{again}");
        drop(theirs);
    }

    #[tokio::test]
    async fn the_refusal_of_one_section_does_not_hide_in_the_next() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        let mut exchange = Exchange::over(Stream::InProcess(ours));
        let mut batch = Batch::default();
        batch.query("no");
        batch.query("SELECT 1");
        let said =
            b"E\0\0\0\x11C42601\0Mwhy\0\0Z\0\0\0\x05ID\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x05\0Z\0\0\0\x05I";
        theirs.write_all(said).await.unwrap();
        let refusal = exchange.try_ask("ask", &batch).await.unwrap().unwrap_err();
        assert_eq!(refusal, Refusal { sqlstate: "42601".to_owned(), message: "why".to_owned() });
        theirs.write_all(&said[18 + 6..]).await.unwrap();
        let mut batch = Batch::default();
        batch.query("SELECT 1");
        assert_eq!(exchange.ask("ask", &batch).await.unwrap()[0][0].text(0), "1");
    }
}
