//! Tests of [`RedisSession`]: what requests mean, which replies belong to them, what a connection keeps.

mod confined;
mod errors;
mod properties;
mod replies;
mod requests;
mod state;

use super::super::encode::command;
use super::*;

/// A session and a short way to talk to it.
struct Talk(RedisSession);

impl Talk {
    fn new() -> Self {
        Self(RedisSession::new(Limits::default()))
    }

    fn confined(database: u32) -> Self {
        Self(RedisSession::confined(Limits::default(), database))
    }

    /// In RESP3, with no request open.
    fn resp3() -> Self {
        let mut talk = Self::new();
        talk.ask("HELLO 3");
        talk.hear("%1\r\n+proto\r\n:3\r\n");
        talk
    }

    /// Sends words that are separated by single spaces.
    fn ask(&mut self, line: &str) -> RequestClass {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let bytes = command(&words);
        let request = self.0.request(&bytes).expect("a legal request").expect("a whole request");
        assert_eq!(request.length, bytes.len());
        request.class
    }

    /// Receives one message.
    fn hear(&mut self, bytes: &str) -> ReplyClass {
        let reply = self.0.reply(bytes.as_bytes()).expect("a legal reply").expect("a whole reply");
        assert_eq!(reply.length, bytes.len());
        reply.class
    }

    /// Sends several requests, each answered with `+OK`.
    fn done(&mut self, lines: &[&str]) {
        for line in lines {
            self.ask(line);
            assert_eq!(self.hear("+OK\r\n"), ReplyClass::Complete);
        }
    }

    /// Why a request is not supported.
    fn refusal(&mut self, line: &str) -> String {
        match self.ask(line) {
            RequestClass::Unsupported(reason) => reason,
            other => panic!("`{line}` is {other:?}"),
        }
    }
}

const STEP: RequestClass = RequestClass::Step { wait: Wait::Never };
const BLOCKING: RequestClass = RequestClass::Step { wait: Wait::Forever };

/// A confirmation as RESP2 (`*`) or RESP3 (`>`) has it.
fn confirmed(kind: char, verb: &str, channel: &str, left: u32) -> String {
    format!("{kind}3\r\n${}\r\n{verb}\r\n${}\r\n{channel}\r\n:{left}\r\n", verb.len(), channel.len())
}

/// A delivery.
fn delivered(kind: char) -> String {
    format!("{kind}3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n")
}
