//! Properties of a whole session: any bytes, any splits.

use super::super::super::samples::{self, feed};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

type Cut<T> = (Vec<(usize, T)>, Result<usize, WireError>);

/// Small, so that they are met too.
const LIMITS: Limits = Limits { message_bytes_max: 400, elements_max: 40, depth_max: 5 };

/// Both directions, the requests first; and what the session then knows.
fn follow(
    asked: &[u8],
    answered: &[u8],
    pieces: &[usize],
) -> (Cut<RequestClass>, Cut<ReplyClass>, [bool; 3]) {
    let mut session = RedisSession::new(LIMITS);
    let requests = feed(asked, pieces, |buffer| {
        Ok::<_, WireError>(session.request(buffer)?.map(|request| (request.length, request.class)))
    });
    let replies = feed(answered, pieces, |buffer| {
        Ok::<_, WireError>(session.reply(buffer)?.map(|reply| (reply.length, reply.class)))
    });
    (requests, replies, [session.used(), session.listens(), session.stored_code()])
}

/// Messages as a server sends them to the requests that `samples` makes.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let notice = prop::sample::select(vec![
        confirmed('*', "subscribe", "a", 1),
        confirmed('>', "subscribe", "a", 1),
        confirmed('*', "unsubscribe", "a", 0),
        delivered('*'),
        delivered('>'),
        "-ERR no\r\n".to_owned(),
        "+OK\r\n".to_owned(),
    ]);
    prop_oneof![samples::message(), notice.prop_map(String::into_bytes)]
}

fn joined(parts: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    vec(parts, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_session_does_not_depend_on_how_bytes_arrive(
        asked in joined(samples::request()),
        answered in joined(answer()),
        pieces in samples::pieces(),
    ) {
        prop_assert_eq!(follow(&asked, &answered, &pieces), follow(&asked, &answered, &[1 << 20]));
    }

    #[test]
    fn mutated_and_arbitrary_bytes_do_no_harm(
        asked in prop_oneof![vec(any::<u8>(), 0..100), samples::mutated(joined(samples::request()))],
        answered in prop_oneof![vec(any::<u8>(), 0..100), samples::mutated(joined(answer()))],
        pieces in samples::pieces(),
    ) {
        prop_assert_eq!(follow(&asked, &answered, &pieces), follow(&asked, &answered, &[1 << 20]));
    }
}
