//! Owns [`Tape`]: what went by on one connection and when, as bytes; what it means to people is told later and only if
//! somebody asks.

use crate::id::ConnectionId;
use crate::wire::Context;

/// Most commands and messages that are kept of a connection.
const ENTRIES_MAX: usize = 65_536;
/// Most bytes that are kept of them in each direction.
const BYTES_MAX: usize = 8 << 20;

/// What went by on one connection, the oldest first.
#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) connection: ConnectionId,
    /// Position of the store among the gate's.
    pub(crate) store: usize,
    entries: Vec<Entry>,
    requests: Vec<u8>,
    replies: Vec<u8>,
    /// Commands and messages that are not kept.
    pub(crate) left_out: u64,
    /// Commands that were answered.
    pub(crate) commands: u64,
    /// The code of the last answer with which the store gave a request up because of other clients.
    pub(crate) conflict: Option<String>,
}

/// A command with its answer, or a message that nobody asked for. Times are nanoseconds since the sluice was opened.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sent: u64,
    pub(crate) answered: Option<u64>,
    /// What the command refers to.
    pub(crate) context: Option<Context>,
    pub(crate) is_message: bool,
    request: Piece,
    reply: Piece,
}

/// Some bytes of a tape: where they begin and how many they are.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    from: usize,
    length: usize,
}

impl Piece {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.from..self.from + self.length]
    }

    fn push(tape: &mut Vec<u8>, bytes: &[u8]) -> Self {
        let from = tape.len();
        tape.extend_from_slice(bytes);
        Self { from, length: bytes.len() }
    }
}

impl Tape {
    pub(crate) fn new(connection: ConnectionId, store: usize) -> Self {
        Self {
            connection,
            store,
            entries: Vec::new(),
            requests: Vec::new(),
            replies: Vec::new(),
            left_out: 0,
            commands: 0,
            conflict: None,
        }
    }

    /// A command goes to the store; returns the number of its entry, if it is kept.
    pub(crate) fn send(&mut self, at: u64, request: &[u8], context: Option<Context>) -> Option<usize> {
        if !self.has_room() {
            self.left_out += 1;
            return None;
        }
        let (request, reply) = (Piece::push(&mut self.requests, request), Piece::default());
        self.entries.push(Entry { sent: at, answered: None, context, is_message: false, request, reply });
        Some(self.entries.len() - 1)
    }

    /// A piece of the answer to the command of entry `number`, the oldest that is not answered.
    pub(crate) fn hear(&mut self, number: usize, bytes: &[u8]) {
        let piece = Piece::push(&mut self.replies, bytes);
        let reply = &mut self.entries[number].reply;
        match reply.length {
            0 => *reply = piece,
            // A message may have come between two pieces.
            _ if reply.from + reply.length != piece.from => {
                let whole = [reply.of(&self.replies), bytes].concat();
                self.entries[number].reply = Piece::push(&mut self.replies, &whole);
            }
            _ => reply.length += piece.length,
        }
    }

    /// The whole answer to the command of entry `number` is here.
    pub(crate) fn answer(&mut self, number: usize, at: u64) {
        self.entries[number].answered = Some(at);
    }

    /// The store says something that nobody asked for.
    pub(crate) fn message(&mut self, at: u64, bytes: &[u8]) {
        if !self.has_room() {
            self.left_out += 1;
            return;
        }
        let (request, reply) = (Piece::default(), Piece::push(&mut self.replies, bytes));
        let answered = Some(at);
        self.entries.push(Entry { sent: at, answered, context: None, is_message: true, request, reply });
    }

    pub(crate) fn request(&self, entry: &Entry) -> &[u8] {
        entry.request.of(&self.requests)
    }

    pub(crate) fn reply(&self, entry: &Entry) -> &[u8] {
        entry.reply.of(&self.replies)
    }

    /// Each entry with this tape.
    pub(crate) fn entries_of(&self) -> impl Iterator<Item = (&Self, &Entry)> {
        self.entries.iter().map(move |entry| (self, entry))
    }

    fn has_room(&self) -> bool {
        self.entries.len() < ENTRIES_MAX && self.requests.len().max(self.replies.len()) < BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::WorkerId;

    fn tape() -> Tape {
        Tape::new(ConnectionId { worker: WorkerId(0), ordinal: 0 }, 0)
    }

    /// The pieces of an answer are one, also around a message.
    #[test]
    fn answer_in_pieces_is_whole() {
        let mut tape = tape();
        let number = tape.send(1, b"SELECT", None).expect("there is room");
        tape.hear(number, b"a");
        tape.hear(number, b"b");
        tape.message(2, b"news");
        tape.hear(number, b"c");
        tape.answer(number, 3);
        let [command, message] = &tape.entries[..] else { panic!("two entries") };
        assert_eq!((tape.request(command), tape.reply(command)), (&b"SELECT"[..], &b"abc"[..]));
        assert_eq!((command.sent, command.answered), (1, Some(3)));
        assert_eq!((tape.request(message), tape.reply(message)), (&b""[..], &b"news"[..]));
    }

    #[test]
    fn tape_that_is_full_counts_what_it_leaves_out() {
        let mut tape = tape();
        tape.send(0, &vec![0; BYTES_MAX], None).expect("there was room");
        assert_eq!(tape.send(1, b"more", None), None);
        tape.message(2, b"more");
        assert_eq!((tape.left_out, tape.entries.len()), (2, 1));
    }
}
