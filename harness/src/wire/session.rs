//! Owns the contract between a protocol and the gate: [`Session`]; the protocols implement it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Injected, WireError};
use crate::id::Word;

/// One client connection of one protocol, seen from the middle.
///
/// The gate calls [`request`](Session::request) with the bytes that the client has sent and not
/// yet had cut, in order, and [`reply`](Session::reply) with the bytes that the server has sent.
/// A session keeps only the protocol's state (an open `MULTI`, a subscription, a protocol version,
/// how many frames are still expected), never the bytes. For any given bytes it answers the same,
/// however they are split, and it never panics. After an error the stream cannot be followed further.
///
/// A session takes every request that it cuts for forwarded, in that order, and expects its answer; only
/// an [`Unsupported`](RequestClass::Unsupported) one is never answered. An answer that a fault makes up
/// in place of the server's goes through `reply` too, in its turn.
pub trait Session: Send {
    /// Cuts what the client says before it may have a connection to the store off the front of `buffer`; asked
    /// again and again until it is an [`Opening::Connect`] or [`Opening::Cancel`]. `Ok(None)` means that more
    /// bytes are needed. Unless a protocol says otherwise a client may have its connection at once.
    ///
    /// # Errors
    /// [`WireError`] if the bytes open no conversation of this protocol, or exceed a limit.
    fn opening(&mut self, buffer: &[u8]) -> Result<Option<Opening>, WireError> {
        let _ = buffer;
        Ok(Some(Opening::Connect { length: 0 }))
    }

    /// Tells the session that its connection to the store is open; `greeting` is what the store had said by then.
    /// Returns the store's own name for the connection (a process id), if the greeting gives one. Asked once.
    ///
    /// # Errors
    /// [`WireError`] if the greeting is none.
    fn greeted(&mut self, greeting: &[u8]) -> Result<Option<u64>, WireError> {
        let _ = greeting;
        Ok(None)
    }

    /// The store's own name for the connection, if it was learnt after the greeting.
    fn key(&self) -> Option<u64> {
        None
    }

    /// Cuts the next whole request off the front of `buffer`.
    ///
    /// `Ok(None)` means that more bytes are needed, or the answer to what was cut before. The returned `length` is at least 1 and at most
    /// `buffer.len()`; the caller removes that many bytes before it calls again, and after `Ok(None)`
    /// comes back with the same bytes and more behind them.
    ///
    /// # Errors
    /// [`WireError`] if the bytes are no request of this protocol, or exceed a limit.
    fn request(&mut self, buffer: &[u8]) -> Result<Option<Request>, WireError>;

    /// Cuts the next whole server message off the front of `buffer`, as [`request`](Session::request)
    /// does for the client's side.
    ///
    /// # Errors
    /// [`WireError`] if the bytes are no reply of this protocol, or exceed a limit, or answer a
    /// request that was never sent.
    fn reply(&mut self, buffer: &[u8]) -> Result<Option<Reply>, WireError>;

    /// Whether the server may send messages that nobody asked for on this connection (a subscription,
    /// client-side caching).
    fn listens(&self) -> bool;

    /// Whether a request has left state on the server's side of this connection that a new client
    /// would notice (a watched key, a subscription, another database, a name, an unanswered request), so
    /// that it must be reset or closed before another client may have it.
    fn used(&self) -> bool;

    /// Whether scripts or functions may have been stored by this connection's requests, outside the
    /// data that a reset of the state removes.
    fn stored_code(&self) -> bool;

    /// Whether the end of this connection changes something that other clients may notice (an open
    /// transaction is rolled back, a session's lock is let go), so that it is a step.
    fn lingers(&self) -> bool {
        false
    }

    /// Whether what this connection holds may keep even those requests of others waiting that are no steps
    /// (a lock on the structure of the data).
    fn excludes(&self) -> bool {
        false
    }

    /// Bytes that make the store answer without any effect, where messages that nobody asked for must be flushed
    /// out; the session takes them for sent and gives the answer the class [`ReplyClass::Pong`]. Asked only while no
    /// request is at the store, though some may have been cut. `None` if the protocol needs none.
    fn ping(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// The code under which the store gave this request up because of what other clients did (a
    /// serialization failure, a deadlock, a duplicate key), if it did.
    fn conflict(&self, reply: &[u8]) -> Option<String> {
        let _ = reply;
        None
    }

    /// Whether the store gave this request up to break a deadlock.
    fn breaks_deadlock(&self, reply: &[u8]) -> bool {
        let _ = reply;
        false
    }

    /// Whether the store, which has answered `request` with `reply`, is as it was before: it was only read, or the answer
    /// says so. `false` if in doubt.
    fn changes_nothing(&self, request: &[u8], reply: &[u8]) -> bool {
        let _ = (request, reply);
        false
    }

    /// The codes of errors with which a server in some plight may answer this request instead of executing it;
    /// `queued` are the requests that were forwarded before and belong to it. Asked while all before it is answered.
    fn errors(&self, queued: &[Bytes], request: &[u8], context: Option<&Context>) -> Vec<Word> {
        let _ = (queued, request, context);
        Vec::new()
    }

    /// How this request is answered with the error `code`, which is one of [`errors`](Self::errors).
    fn inject(&self, request: &[u8], context: Option<&Context>, code: Word) -> Injected {
        let _ = (request, context, code);
        Injected::End
    }

    /// The error `code` as the client is told it, without what shows how it was [brought about](Injected::Instead).
    fn cleaned(&self, code: Word, reply: &[u8]) -> Vec<u8> {
        let _ = code;
        reply.to_vec()
    }

    /// What of a request must be the same when it is sent again: without names that clients make up.
    fn essence_of_request<'a>(&self, request: &'a [u8], context: Option<&Context>) -> Cow<'a, [u8]> {
        let _ = context;
        Cow::Borrowed(request)
    }

    /// What of a reply must be the same when the execution is replayed: without process ids and the like.
    fn essence_of_reply<'a>(&self, reply: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(reply)
    }

    /// The first word of what a request asks for, such as `GET` or `SELECT`, as it was sent; nothing if it has none.
    fn verb<'a>(&self, request: &'a [u8], context: Option<&'a Context>) -> Cow<'a, [u8]> {
        let _ = (request, context);
        Cow::Borrowed(b"")
    }

    /// A request for people: one line, arguments quoted where needed, long values cut.
    fn show_request(&self, request: &[u8], context: Option<&Context>) -> String;

    /// What is executed for a request as it can be typed into the store's own client, in full, one entry for each command or
    /// statement. `None` if it cannot be: it is too long, holds a password or bytes that are no text, or is no text at all.
    fn transcribe(&self, request: &[u8], context: Option<&Context>) -> Option<Vec<String>> {
        let _ = (request, context);
        None
    }

    /// A reply for people, one line, long values cut; `context` is that of the request.
    fn show_reply(&self, reply: &[u8], context: Option<&Context>) -> String;
}

/// What a client says before it may have a connection to the store, cut by [`Session::opening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The gate answers `bytes` itself and asks again.
    Answer {
        /// Bytes of the message, from the front of the buffer.
        length: usize,
        /// The answer.
        bytes: &'static [u8],
    },
    /// The client may have its connection; the message decides which one.
    Connect {
        /// Bytes of the message, from the front of the buffer.
        length: usize,
    },
    /// The client wants none, but the end of what another connection is doing.
    Cancel {
        /// Bytes of the message, from the front of the buffer.
        length: usize,
        /// The store's own name for the other connection.
        key: u64,
    },
}

/// What a request refers to and was said earlier on its connection (a prepared statement). Made by a session,
/// understood by every session of the same protocol.
#[derive(Clone)]
pub struct Context(Arc<dyn Any + Send + Sync>);

impl Context {
    /// A context that is `value`.
    pub fn new(value: Arc<impl Any + Send + Sync>) -> Self {
        Self(value)
    }

    /// The value, if it is a `T`.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Context(…)")
    }
}

/// One request that [`Session::request`] cut.
#[derive(Debug, Clone)]
pub struct Request {
    /// Bytes of the request, from the front of the buffer.
    pub length: usize,
    /// What the gate has to do with it.
    pub class: RequestClass,
    /// Whether it is a step within which the store can be stopped before the first row is written.
    pub splits: bool,
    /// What it may do to the limits of what the store holds.
    pub limiting: Limiting,
    /// What it refers to.
    pub context: Option<Context>,
}

impl Request {
    /// A request that refers to nothing, cannot be split, and may do anything to limits.
    #[must_use]
    pub fn new(length: usize, class: RequestClass) -> Self {
        Self { length, class, splits: false, limiting: Limiting::Sets, context: None }
    }
}

/// What a request may do to the limits of what a store holds (times to live, leases), at which something ends by itself.
/// Decides only how often a store is asked for the next of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Limiting {
    /// Nothing: it only reads.
    #[default]
    Nothing,
    /// It may lift or move limits that are there.
    Moves,
    /// It may set limits where there were none.
    Sets,
}

/// What a request means for the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestClass {
    /// Forward at once; no step. It changes and reads nothing that another worker could notice.
    Pass,
    /// Forward at once; no step of its own, but part of the next one (what a transaction queues).
    Queue,
    /// Forward at once, as a part of the exchange under way: it has no answer of its own.
    Part,
    /// The client's goodbye: the store answers by closing the connection. A step if the session
    /// [lingers](Session::lingers).
    Goodbye,
    /// Hold until the scheduler releases it; one step.
    Step {
        /// Whether the server may legally answer it only after another client's step (`BLPOP`, `WAIT` …).
        wait: Wait,
    },
    /// Understood, but it would break an assumption of the gate: the execution ends with this reason.
    Unsupported(String),
}

/// Whether and how long a request may wait inside the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It is answered at once.
    Never,
    /// The server ends the wait by its own clock after about so many milliseconds.
    AtMostMs(u64),
    /// Only another client ends the wait.
    Forever,
}

/// One server message that [`Session::reply`] cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Bytes of the message, from the front of the buffer.
    pub length: usize,
    /// What the message is an answer to.
    pub class: ReplyClass,
}

/// How a server message relates to the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyClass {
    /// Part of the answer to the oldest unanswered request; more follows.
    Part,
    /// The last (usually the only) part of the answer to the oldest unanswered request.
    Complete,
    /// Nobody asked for it: a delivery of a subscription, an invalidation.
    Push,
    /// Nobody asked for it, and it is handed on at once: a notice, a changed setting.
    Aside,
    /// The answer to a [ping](Session::ping), which the client must not see.
    Pong,
}
