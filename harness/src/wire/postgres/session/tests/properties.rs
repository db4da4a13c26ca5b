//! Properties of a whole session: any bytes, any splits, any end.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// Small, so that they are met too.
const SMALL: Limits = Limits { message_bytes_max: 300, elements_max: 12, depth_max: 5 };

/// Everything that a gate would see of a connection.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    requests: Vec<(usize, RequestClass, bool)>,
    replies: Vec<(usize, ReplyClass)>,
    error: Option<WireError>,
    left: [usize; 2],
    state: [bool; 5],
}

/// Feeds turns as a gate does, each in pieces of the given sizes, until the end or the first error. Requests
/// are asked for before each reply, so that what is seen is a matter of order alone.
pub(super) fn follow(limits: Limits, turns: &[(Side, Vec<u8>)], pieces: &[usize]) -> Seen {
    let mut session = PostgresSession::new(limits);
    let (mut client, mut server, mut seen) = (Vec::new(), Vec::new(), Seen::default());
    let mut pieces = pieces.iter().cycle();
    for (side, bytes) in turns {
        let mut rest = &bytes[..];
        while !rest.is_empty() && seen.error.is_none() {
            let piece = rest.len().min(*pieces.next().expect("there are sizes"));
            let buffer = if *side == Side::Client { &mut client } else { &mut server };
            buffer.extend_from_slice(&rest[..piece]);
            rest = &rest[piece..];
            seen.error = cut(&mut session, &mut client, &mut server, &mut seen).err();
        }
    }
    // After an error it depends on the pieces how much has come.
    if seen.error.is_none() {
        seen.left = [client.len(), server.len()];
    }
    seen.state =
        [session.used(), session.listens(), session.stored_code(), session.lingers(), session.excludes()];
    seen
}

fn cut(
    session: &mut PostgresSession,
    client: &mut Vec<u8>,
    server: &mut Vec<u8>,
    seen: &mut Seen,
) -> Result<(), WireError> {
    loop {
        while let Some(request) = session.request(client)? {
            assert!((1..=client.len()).contains(&request.length));
            let bytes: Vec<u8> = client.drain(..request.length).collect();
            session.show_request(&bytes, request.context.as_ref());
            session.essence_of_request(&bytes, request.context.as_ref());
            seen.requests.push((request.length, request.class, request.splits));
        }
        let Some(reply) = session.reply(server)? else { return Ok(()) };
        assert!((1..=server.len()).contains(&reply.length));
        server.drain(..reply.length);
        seen.replies.push((reply.length, reply.class));
    }
}

#[test]
fn a_conversation_is_followed_to_its_end() {
    let seen = follow(Limits::default(), &conversation(), &[usize::MAX]);
    assert_eq!((&seen.error, seen.left), (&None, [0, 0]));
    let owed = seen.requests.iter().filter(|(_, class, _)| *class != RequestClass::Goodbye).count();
    let complete = seen.replies.iter().filter(|(_, class)| *class == ReplyClass::Complete).count();
    assert_eq!(owed, complete, "one for each unit: {seen:?}");
}

#[test]
fn a_conversation_may_break_off_at_any_byte() {
    let whole = conversation();
    for turn in 0..whole.len() {
        for end in 0..whole[turn].1.len() {
            let mut turns = whole[..=turn].to_vec();
            turns[turn].1.truncate(end);
            let seen = follow(Limits::default(), &turns, &[usize::MAX]);
            assert_eq!(seen.error, None, "turn {turn}, byte {end}");
        }
    }
}

#[test]
fn each_side_alone_may_break_off_at_any_byte() {
    let session = PostgresSession::new(Limits::default());
    for side in [Side::Client, Side::Server] {
        let said = said_by(side);
        for end in 0..said.len() {
            let prefix = &said[..end];
            let turns = [(side, prefix.to_vec())];
            let whole = follow(Limits::default(), &turns, &[usize::MAX]);
            assert_eq!(follow(Limits::default(), &turns, &[1]), whole);
            for line in [session.show_request(prefix, None), session.show_reply(prefix, None)] {
                assert!(!line.is_empty() && !line.contains('\n'), "{line}");
            }
        }
    }
}

/// A few of the messages that both sides know, in any order.
fn turns() -> impl Strategy<Value = Vec<(Side, Vec<u8>)>> {
    let asked: Vec<Vec<u8>> = vec![
        query("SELECT 1"),
        query("COPY t FROM STDIN"),
        query("LISTEN a"),
        parse("s", "UPDATE t SET n = 1"),
        bind("s", &[Some(7), None]),
        describe("s"),
        execute(""),
        close("s"),
        SYNC.to_vec(),
        FLUSH.to_vec(),
        copy_data("1\n"),
        COPY_DONE.to_vec(),
        TERMINATE.to_vec(),
    ];
    let told: Vec<Vec<u8>> = vec![
        PARSED.to_vec(),
        BOUND.to_vec(),
        CLOSED.to_vec(),
        NO_DATA.to_vec(),
        parameters(&[23, 90_000]),
        columns(&[("n", 23, 0)]),
        row(&[Some(b"1")]),
        completed("UPDATE 1"),
        SUSPENDED.to_vec(),
        IDLE.to_vec(),
        OPEN.to_vec(),
        COPY_IN.to_vec(),
        COPY_OUT.to_vec(),
        notice("n"),
        SETTING.to_vec(),
        notification("a", ""),
        error("ERROR", "40001", "no"),
        error("FATAL", "57P01", "no"),
    ];
    let turn = |side, messages: Vec<Vec<u8>>| {
        vec(prop::sample::select(messages), 1..6).prop_map(move |parts| (side, parts.concat()))
    };
    vec(prop_oneof![turn(Side::Client, asked), turn(Side::Server, told)], 0..12)
}

/// The same with a few bytes replaced, removed or put in.
fn mutated() -> impl Strategy<Value = Vec<(Side, Vec<u8>)>> {
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (prop_oneof![turns(), Just(conversation())], vec(change, 1..4)).prop_map(|(mut turns, changes)| {
        for (turn, index, byte, kind) in changes {
            if turns.is_empty() {
                turns.push((Side::Client, vec![byte]));
            }
            let (_, bytes) = turn.get_mut(&mut turns);
            match kind {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => *index.get_mut(bytes) = byte,
                1 => drop(bytes.remove(index.index(bytes.len()))),
                _ => bytes.insert(index.index(bytes.len()), byte),
            }
        }
        turns
    })
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![3 => 1..4_usize, 1 => 1..64_usize], 1..64)
}

proptest! {
    #[test]
    fn a_session_does_not_depend_on_how_bytes_arrive(turns in turns(), pieces in pieces()) {
        prop_assert_eq!(follow(SMALL, &turns, &pieces), follow(SMALL, &turns, &[usize::MAX]));
    }

    #[test]
    fn the_sample_conversation_does_not_depend_on_how_bytes_arrive(pieces in pieces()) {
        let (all, limits) = (conversation(), Limits::default());
        prop_assert_eq!(follow(limits, &all, &pieces), follow(limits, &all, &[usize::MAX]));
    }

    #[test]
    fn mutated_bytes_do_no_harm(turns in mutated(), pieces in pieces()) {
        let limits = Limits::default();
        prop_assert_eq!(follow(limits, &turns, &pieces), follow(limits, &turns, &[usize::MAX]));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..100), side in prop::bool::ANY, tag in any::<u8>()) {
        let session = PostgresSession::new(SMALL);
        for bytes in [bytes.clone(), message(tag, &bytes)] {
            let turns = [(if side { Side::Client } else { Side::Server }, bytes.clone())];
            prop_assert_eq!(follow(SMALL, &turns, &[1]), follow(SMALL, &turns, &[usize::MAX]));
            for line in [session.show_request(&bytes, None), session.show_reply(&bytes, None)] {
                prop_assert!(!line.is_empty() && !line.chars().any(char::is_control), "{}", line);
                prop_assert!(line.len() < 16_000, "{} bytes", line.len());
            }
            session.essence_of_request(&bytes, None);
            session.essence_of_reply(&bytes);
            session.conflict(&bytes);
            let _ = PostgresSession::new(SMALL).opening(&bytes);
            let _ = PostgresSession::new(SMALL).greeted(&bytes);
        }
    }
}
