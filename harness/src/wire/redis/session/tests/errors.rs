//! Tests of errors that take the place of answers: the session stays in step with the server.

use super::super::super::samples;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const UNASKED: &[u8] = b"+OK\r\n";

/// Goes through `requests` as the gate does, one after the other; each step for which an error is possible is answered
/// with the one that `chosen` says, and everything else with an error of its own.
fn refuse(requests: &[Vec<u8>], chosen: &[prop::sample::Index]) -> RedisSession {
    let mut session = RedisSession::new(Limits::default());
    let mut queued = Vec::new();
    for (request, chosen) in requests.iter().zip(chosen) {
        let cut = session.request(request).expect("a legal request").expect("a whole request");
        assert_eq!(cut.length, request.len());
        let mut answer = b"-ERR no\r\n".to_vec();
        match cut.class {
            RequestClass::Unsupported(_) => return RedisSession::new(Limits::default()),
            RequestClass::Queue => queued.push(Bytes::from(request.clone())),
            RequestClass::Step { .. } => {
                let codes = session.errors(&std::mem::take(&mut queued), request, None);
                if !codes.is_empty()
                    && let Injected::Answer { undo, answer: said } =
                        session.inject(request, None, codes[chosen.index(codes.len())])
                {
                    answer = if undo.is_some() { b"+OK\r\n".to_vec() } else { said };
                }
            }
            _ => queued.clear(),
        }
        let reply = session.reply(&answer).expect("a legal reply").expect("a whole reply");
        assert_eq!((reply.length, reply.class), (answer.len(), ReplyClass::Complete));
    }
    session
}

proptest! {
    /// Each request has exactly one answer, whether the server gave it or not.
    #[test]
    fn nothing_is_owed_after_any_errors(
        requests in vec(samples::request(), 0..8),
        chosen in vec(any::<prop::sample::Index>(), 8),
    ) {
        let mut session = refuse(&requests, &chosen);
        let is_unasked = matches!(session.reply(UNASKED), Err(WireError::Unasked { .. }));
        prop_assert!(is_unasked);
    }
}

#[test]
fn transaction_that_is_refused_at_its_end_is_over() {
    let lines: [&[&[u8]]; 4] = [&[b"MULTI"], &[b"SET", b"a", b"1"], &[b"EXEC"], &[b"SET", b"a", b"2"]];
    let requests: Vec<Vec<u8>> = lines.iter().map(|words| command(words)).collect();
    let mut talk = Talk::new();
    for request in &requests[..3] {
        talk.0.request(request).expect("legal").expect("whole");
        talk.hear("+OK\r\n");
    }
    assert!(!talk.0.used());
    assert_eq!(talk.ask("SET a 2"), STEP);
}
