//! Tests of [`PostgresSession`].

mod copy;
mod corpus;
mod errors;
mod properties;
mod replies;
mod requests;
mod state;

use super::super::samples::*;
use super::*;

const STEP: RequestClass = RequestClass::Step { wait: Wait::Forever };

/// A connection that has been greeted.
struct Talk(PostgresSession);

impl Talk {
    fn new() -> Self {
        let mut session = PostgresSession::new(Limits::default());
        assert_eq!(session.greeted(GREETING), Ok(Some(4096)));
        Self(session)
    }

    /// Cuts exactly these messages as one unit.
    fn cut(&mut self, parts: &[&[u8]]) -> Request {
        let bytes = parts.concat();
        let request = self.0.request(&bytes).expect("legal").expect("whole");
        assert_eq!(request.length, bytes.len());
        request
    }

    fn ask(&mut self, parts: &[&[u8]]) -> RequestClass {
        self.cut(parts).class
    }

    fn hear(&mut self, message: &[u8]) -> ReplyClass {
        let reply = self.0.reply(message).expect("legal").expect("whole");
        assert_eq!(reply.length, message.len());
        reply.class
    }

    /// Hears all but the last as parts, and the last as the end of the answer.
    fn answered(&mut self, messages: &[&[u8]]) {
        let (last, parts) = messages.split_last().expect("there is an answer");
        for part in parts {
            assert_eq!(self.hear(part), ReplyClass::Part, "{}", part.escape_ascii());
        }
        assert_eq!(self.hear(last), ReplyClass::Complete, "{}", last.escape_ascii());
    }

    /// A simple query and its answer.
    fn done(&mut self, sql: &str, ready: &[u8]) {
        assert_eq!(self.ask(&[&query(sql)]), STEP);
        self.answered(&[&completed("OK"), ready]);
    }

    fn waits(&mut self, parts: &[&[u8]]) -> bool {
        self.0.request(&parts.concat()).expect("legal").is_none()
    }

    fn unasked(&mut self, message: &[u8]) -> bool {
        matches!(self.0.reply(message), Err(WireError::Unasked { .. }))
    }
}
