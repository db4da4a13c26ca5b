//! Owns [`PostgresSession`], one client connection seen from the middle.

use super::batch::Batch;
use super::cut::{Cutter, End, Kind, Mode, Unit};
use super::facts::Facts;
use super::frame::{Message, Messages, head};
use super::greeting::{greeting, key, refused_options};
use super::message::notice_field;
use super::opening;
use super::owed::{Exchange, Expected, Progress};
use super::refusal::{kind, malformed, too_large};
use super::show;
use super::standing::{Standing, Transaction};
use super::statements::Prepared;
use super::{errors, essence, transcript, verb};
use crate::id::Word;
use crate::wire::{
    Context, Injected, Limiting, Limits, Opening, Reply, ReplyClass, Request, RequestClass, Session, Wait,
    WireError,
};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// A `Sync`, to which the server answers with its state and does nothing.
const PING: &[u8] = b"S\0\0\0\x04";

/// Follows one PostgreSQL connection.
///
/// Each unit that it cuts has one [`Complete`](ReplyClass::Complete) among its answers, but for those that
/// are a [`Part`](RequestClass::Part), which are owed nothing.
///
/// What a message means can depend on the answer to an earlier one. After an error the server ignores
/// everything up to a `Sync`, so behind a `Flush` nothing is cut before the answer is here; what is to be
/// ignored is then cut together with the `Sync` that ends it. Data of a `COPY` is not cut before the server
/// has asked for it or refused it.
///
/// ```text
/// client   Parse Bind Execute Flush │                    │ Bind Execute Flush Sync │
/// server                            │ ErrorResponse      │                         │ ReadyForQuery
///                    a step         │ … which is over    │ one unit, it passes     │ … which is over
/// ```
///
/// A `FATAL` error ends the oldest exchange and all others with it. It comes at any time, so also while the
/// oldest one is still held at the gate.
#[derive(Debug)]
pub struct PostgresSession {
    limits: Limits,
    cutter: Cutter,
    prepared: Prepared,
    /// One for each unit without its answer, the oldest first.
    owed: VecDeque<Exchange>,
    standing: Standing,
    key: Option<u64>,
    /// Why the connection cannot be followed; said at the first request.
    unsupported: Option<String>,

    // As far as the requests have come:
    used: bool,
    stored_code: bool,
    /// Something was sent since the last `Sync`.
    unsynced: bool,

    // As far as the replies have come:
    /// The server awaits the data of a `COPY`; whether an `Execute` began it.
    copying: Option<bool>,
    /// The server ignores everything up to a `Sync`.
    skipping: bool,
    /// The server ended a simple `COPY` by itself, and its `ReadyForQuery` belongs to no unit.
    ready_unasked: bool,
    /// The server has said that it closes the connection.
    ended: bool,
}

impl PostgresSession {
    /// A new connection, ready for requests unless its greeting says otherwise.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            cutter: Cutter::new(limits),
            prepared: Prepared::new(limits.message_bytes_max),
            owed: VecDeque::new(),
            standing: Standing::default(),
            key: None,
            unsupported: None,
            used: false,
            stored_code: false,
            unsynced: false,
            copying: None,
            skipping: false,
            ready_unasked: false,
            ended: false,
        }
    }

    fn mode(&self) -> Mode {
        match self.copying {
            _ if self.owed.front().is_some_and(Exchange::is_startup) => Mode::Startup,
            _ if self.skipping => Mode::Skipping,
            Some(extended) => Mode::Copying { extended },
            None => Mode::Ready,
        }
    }

    /// Whether what a message with this tag means depends on an answer that is not here.
    fn awaits_answer(&self, tag: u8) -> bool {
        let answered = match (self.mode(), tag) {
            (Mode::Startup, _) => matches!(tag, b'p' | b'X'),
            (Mode::Ready, b'd' | b'c' | b'f') => self.owed.is_empty(),
            _ => true,
        };
        !answered || self.owed.back().is_some_and(Exchange::may_skip)
    }

    fn take_unit(&mut self, bytes: &[u8], kind: Kind) -> Result<Request, WireError> {
        if let Some(reason) = self.unsupported.clone().filter(|_| kind != Kind::Goodbye) {
            return Ok(Request::new(bytes.len(), RequestClass::Unsupported(reason)));
        }
        self.used |= !matches!(kind, Kind::Goodbye | Kind::Password);
        match kind {
            Kind::Goodbye => Ok(Request::new(bytes.len(), RequestClass::Goodbye)),
            Kind::Password | Kind::LateData => Ok(Request::new(bytes.len(), RequestClass::Part)),
            Kind::Ignored => {
                self.skipping = false;
                self.unsynced = false;
                self.owed.push_back(Exchange::only(Expected::Ready));
                Ok(Request::new(bytes.len(), RequestClass::Pass))
            }
            Kind::Batch(end) | Kind::Copy(end) => self.take_batch(bytes, end, matches!(kind, Kind::Copy(_))),
        }
    }

    fn take_batch(&mut self, bytes: &[u8], end: End, copies: bool) -> Result<Request, WireError> {
        let mut batch = Batch { steps: copies || end == End::Query, ..Batch::default() };
        let mut messages = Messages::of(bytes);
        if copies {
            let simple = self.copying.take() == Some(false);
            messages.find(|message| matches!(message.tag, b'c' | b'f'));
            if !simple {
                batch.expected.push_back(Expected::Copied);
            }
        }
        for message in messages {
            batch.take(message, &mut self.prepared).ok_or_else(|| broken(message.tag))?;
        }
        self.stored_code |= batch.facts.restructures;
        if end == End::Flush && batch.expected.is_empty() {
            return Ok(Request::new(bytes.len(), RequestClass::Part));
        }
        self.unsynced = end == End::Flush;
        self.owed.push_back(Exchange::new(batch.expected, end, batch.facts));
        let class = if batch.steps { RequestClass::Step { wait: Wait::Forever } } else { RequestClass::Pass };
        let refers = !batch.statements.references.is_empty();
        Ok(Request {
            length: bytes.len(),
            class,
            splits: batch.facts.splits,
            // Which columns are points in time is known to the backend, which is asked for nothing if there are none.
            limiting: Limiting::Sets,
            context: refers.then(|| Context::new(Arc::new(batch.statements))),
        })
    }

    fn classify_reply(&mut self, message: Message<'_>) -> Result<ReplyClass, WireError> {
        let Message { tag, body, .. } = message;
        if tag == b'A' {
            return Ok(ReplyClass::Push);
        }
        if tag == b'E' {
            let began = self.copying.take();
            if fatal(body) {
                return Ok(self.end());
            }
            if self.owed.is_empty() {
                // The server gave a `COPY` up before it had all the data.
                self.ready_unasked |= began == Some(false);
                self.skipping |= began == Some(true);
                return Ok(ReplyClass::Aside);
            }
        }
        let Some(exchange) = self.owed.front_mut() else {
            return self.classify_unasked(message);
        };
        if exchange.is_pong() && tag != b'Z' {
            return match tag {
                b'N' | b'S' | b'E' => Ok(ReplyClass::Aside),
                _ => Err(unasked(message)),
            };
        }
        if exchange.is_startup() {
            match tag {
                b'K' => self.key = self.key.or(key(body)),
                b'v' => self.unsupported = refused_options(body),
                _ => {}
            }
        }
        let progress = exchange.take(tag, body)?;
        self.advance(progress, body)
    }

    fn classify_unasked(&mut self, message: Message<'_>) -> Result<ReplyClass, WireError> {
        match message.tag {
            b'N' | b'S' => Ok(ReplyClass::Aside),
            b'Z' if std::mem::take(&mut self.ready_unasked) => {
                let transaction = Transaction::of(message.body).ok_or_else(|| broken(message.tag))?;
                self.standing.ready(transaction, Facts::default(), true);
                Ok(ReplyClass::Aside)
            }
            _ if self.ended => Ok(ReplyClass::Aside),
            _ => Err(unasked(message)),
        }
    }

    /// What follows from the progress of the oldest exchange.
    fn advance(&mut self, progress: Progress, body: &[u8]) -> Result<ReplyClass, WireError> {
        if progress == Progress::More {
            return Ok(ReplyClass::Part);
        }
        let exchange = self.owed.pop_front().expect("the oldest exchange has come further");
        let (facts, failed) = (exchange.facts, exchange.failed);
        match progress {
            Progress::Ready => {
                let transaction = Transaction::of(body).ok_or_else(|| broken(b'Z'))?;
                self.standing.ready(transaction, facts, failed);
            }
            Progress::CopyStarts { extended } => {
                self.copying = Some(extended);
                self.unsynced |= extended;
                self.standing.answered(facts, failed);
            }
            Progress::Skips => {
                self.skipping = true;
                self.standing.answered(facts, failed);
            }
            Progress::Done | Progress::More => self.standing.answered(facts, failed),
        }
        Ok(if exchange.is_pong() { ReplyClass::Pong } else { ReplyClass::Complete })
    }

    /// Nothing more is answered.
    fn end(&mut self) -> ReplyClass {
        self.ended = true;
        let awaited = self.owed.front().is_some_and(|oldest| !oldest.is_pong());
        self.owed.clear();
        if awaited { ReplyClass::Complete } else { ReplyClass::Aside }
    }
}

impl Session for PostgresSession {
    fn opening(&mut self, buffer: &[u8]) -> Result<Option<Opening>, WireError> {
        let opening = opening::opening(buffer)?;
        if let Some(Opening::Connect { length }) = opening {
            self.unsupported = opening::unsupported(&buffer[..length]);
        }
        Ok(opening)
    }

    /// `None` if the start-up is still under way; the session then counts it as one exchange, whose
    /// [`Complete`](ReplyClass::Complete) is the server's first `ReadyForQuery`.
    fn greeted(&mut self, bytes: &[u8]) -> Result<Option<u64>, WireError> {
        let greeting = greeting(bytes)?;
        self.key = greeting.key;
        self.unsupported = self.unsupported.take().or(greeting.unsupported);
        if greeting.ready {
            return Ok(self.key);
        }
        self.owed.push_back(Exchange::only(Expected::Startup));
        Ok(None)
    }

    fn key(&self) -> Option<u64> {
        self.key
    }

    /// `Ok(None)` also if what the bytes mean depends on an answer that is not here; asked again after it.
    fn request(&mut self, buffer: &[u8]) -> Result<Option<Request>, WireError> {
        let Some(&tag) = buffer.first() else { return Ok(None) };
        if self.awaits_answer(tag) {
            head(buffer, self.limits)?;
            let limit = self.limits.message_bytes_max;
            return if buffer.len() > limit { Err(too_large("bytes", limit + 1, limit)) } else { Ok(None) };
        }
        let mode = self.mode();
        let Some(Unit { length, kind }) = self.cutter.scan(buffer, mode)? else { return Ok(None) };
        self.take_unit(&buffer[..length], kind).map(Some)
    }

    fn reply(&mut self, buffer: &[u8]) -> Result<Option<Reply>, WireError> {
        let Some(&tag) = buffer.first() else { return Ok(None) };
        if !b"123ACDEGHIKNRSTVWZcdnstv".contains(&tag) {
            return Err(malformed(format!("no reply begins with {}", kind(tag))));
        }
        let Some(head) = head(buffer, self.limits)? else { return Ok(None) };
        let Some(message) = buffer.get(..head.length).and_then(|bytes| Messages::of(bytes).next()) else {
            return Ok(None);
        };
        let class = self.classify_reply(message)?;
        Ok(Some(Reply { length: head.length, class }))
    }

    fn listens(&self) -> bool {
        self.standing.listens
    }

    /// Anything at all may have left a setting, a prepared statement or a cached plan.
    fn used(&self) -> bool {
        self.used
    }

    fn stored_code(&self) -> bool {
        self.stored_code
    }

    fn lingers(&self) -> bool {
        self.standing.lingers() || self.copying.is_some()
    }

    fn excludes(&self) -> bool {
        self.standing.excludes
    }

    fn ping(&mut self) -> Option<Vec<u8>> {
        let busy = self.unsynced || self.copying.is_some() || self.skipping;
        let pinged = self.owed.front().is_some_and(Exchange::is_pong);
        if busy || pinged || self.ready_unasked || self.ended {
            return None;
        }
        // What was cut and is still held is answered behind it.
        self.owed.push_front(Exchange::only(Expected::Pong));
        Some(PING.to_vec())
    }

    fn conflict(&self, reply: &[u8]) -> Option<String> {
        let conflicts = ["40001", "40P01", "23505", "23P01", "55P03"];
        show::sqlstate(reply).filter(|code| conflicts.contains(&code.as_str()))
    }

    fn breaks_deadlock(&self, reply: &[u8]) -> bool {
        show::sqlstate(reply).is_some_and(|code| code == "40P01")
    }

    fn errors(&self, _queued: &[Bytes], request: &[u8], context: Option<&Context>) -> Vec<Word> {
        errors::possible(request, context.and_then(Context::get), self.standing.transaction())
    }

    fn inject(&self, request: &[u8], context: Option<&Context>, code: Word) -> Injected {
        errors::inject(request, context.and_then(Context::get), code)
    }

    fn cleaned(&self, code: Word, reply: &[u8]) -> Vec<u8> {
        errors::cleaned(code, reply)
    }

    fn essence_of_request<'a>(&self, request: &'a [u8], context: Option<&Context>) -> Cow<'a, [u8]> {
        essence::of_request(request, context.and_then(Context::get))
    }

    fn essence_of_reply<'a>(&self, reply: &'a [u8]) -> Cow<'a, [u8]> {
        essence::of_reply(reply)
    }

    fn verb<'a>(&self, request: &'a [u8], context: Option<&'a Context>) -> Cow<'a, [u8]> {
        Cow::Borrowed(verb::of(request, context.and_then(Context::get)))
    }

    fn show_request(&self, request: &[u8], context: Option<&Context>) -> String {
        show::request(request, context.and_then(Context::get))
    }

    fn transcribe(&self, request: &[u8], context: Option<&Context>) -> Option<Vec<String>> {
        transcript::request(request, context)
    }

    fn show_reply(&self, reply: &[u8], context: Option<&Context>) -> String {
        show::reply(reply, context.and_then(Context::get))
    }
}

/// Whether an error is the last thing that the server says.
fn fatal(body: &[u8]) -> bool {
    let severity = notice_field(body, b'V').or_else(|| notice_field(body, b'S'));
    matches!(severity, Some(b"FATAL" | b"PANIC"))
}

fn unasked(message: Message<'_>) -> WireError {
    WireError::Unasked { what: show::reply(message.bytes, None) }
}

fn broken(tag: u8) -> WireError {
    malformed(format!("the fields of a message {} break off", kind(tag)))
}

#[cfg(test)]
mod tests;
