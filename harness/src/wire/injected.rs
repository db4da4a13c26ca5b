//! Owns [`Injected`]: the way in which an error takes the place of a request's execution.

/// How an error that a server could give is brought about, so that client, server and session agree afterwards on
/// where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Injected {
    /// The gate says it.
    Answer {
        /// What the store is sent first, if it has to hear of it; the client is not shown what it says to that.
        undo: Option<Vec<u8>>,
        /// What the client is told.
        answer: Vec<u8>,
    },
    /// The store is sent this instead of the request, and itself answers with the error; the client is told what
    /// [`Session::cleaned`](super::Session::cleaned) makes of it.
    Instead(Vec<u8>),
    /// The store ends the connection, with the error as its last words.
    End,
}
