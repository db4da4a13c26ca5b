//! Owns the contract between a protocol and the gate: [`Session`]; the protocols implement it.

use super::WireError;

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
pub trait Session {
    /// Cuts the next whole request off the front of `buffer`.
    ///
    /// `Ok(None)` means that more bytes are needed. The returned `length` is at least 1 and at most
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

    /// A request for people: one line, arguments quoted where needed, long values cut.
    fn show_request(&self, request: &[u8]) -> String;

    /// A reply for people, one line, long values cut.
    fn show_reply(&self, reply: &[u8]) -> String;
}

/// One request that [`Session::request`] cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Bytes of the request, from the front of the buffer.
    pub length: usize,
    /// What the gate has to do with it.
    pub class: RequestClass,
}

/// What a request means for the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestClass {
    /// Forward at once; no step. It changes and reads nothing that another worker could notice.
    Pass,
    /// Forward at once; no step of its own, but part of the next one (what a transaction queues).
    Queue,
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
}
