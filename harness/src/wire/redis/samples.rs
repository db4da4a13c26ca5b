//! Owns the messages and requests that the tests of this folder are fed with, and ways to feed them.

use proptest::collection::vec;
use proptest::prelude::*;

/// One whole message of each kind, and of kinds inside each other.
pub(super) const MESSAGES: &[&[u8]] = &[
    b"+OK\r\n",
    b"+\r\n",
    b"-ERR wrong\r\n",
    b":-12\r\n",
    b"$5\r\nhe\r\no\r\n",
    b"$0\r\n\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n",
    b"_\r\n",
    b"#t\r\n",
    b",1.5\r\n",
    b",-inf\r\n",
    b"(12345678901234567890123\r\n",
    b"!9\r\nERR wrong\r\n",
    b"=8\r\ntxt:some\r\n",
    b"%2\r\n+a\r\n:1\r\n+b\r\n*0\r\n",
    b"~1\r\n:1\r\n",
    b">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n",
    b"|1\r\n+ttl\r\n:9\r\n:1\r\n",
    b"|0\r\n:1\r\n",
    b"*2\r\n|1\r\n+ttl\r\n:9\r\n:1\r\n:2\r\n",
];

/// The bytes of a well-formed message, built without the code under test.
pub(super) fn message() -> impl Strategy<Value = Vec<u8>> {
    let plain = || (attributes(), value()).prop_map(|(attributes, value)| [attributes, value].concat());
    let pushed = vec(value(), 1..4).prop_map(|values| framed('>', values.len(), &values));
    prop_oneof![4 => plain(), 1 => pushed]
}

fn attributes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(Vec::new()),
        1 => vec((value(), value()), 0..3).prop_map(|pairs| paired('|', &pairs)),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    scalar().prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|values| framed('*', values.len(), &values)),
            vec(inner.clone(), 0..5).prop_map(|values| framed('~', values.len(), &values)),
            vec((inner.clone(), inner), 0..3).prop_map(|pairs| paired('%', &pairs)),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Vec<u8>> {
    let text = || vec(any::<u8>(), 0..40);
    prop_oneof![
        "[ -~]{0,20}".prop_map(|text| format!("+{text}\r\n").into_bytes()),
        "[ -~]{0,20}".prop_map(|text| format!("-{text}\r\n").into_bytes()),
        any::<i64>().prop_map(|integer| format!(":{integer}\r\n").into_bytes()),
        text().prop_map(|text| announced('$', &text)),
        text().prop_map(|text| announced('!', &text)),
        text().prop_map(|text| announced('=', &[b"txt:", &text[..]].concat())),
        prop_oneof![Just("$-1"), Just("*-1"), Just("_"), Just("#t"), Just("#f"), Just(",inf"), Just(",nan")]
            .prop_map(|line| format!("{line}\r\n").into_bytes()),
        any::<f64>()
            .prop_filter("not a number equals nothing", |double| !double.is_nan())
            .prop_map(|double| format!(",{double}\r\n").into_bytes()),
        "-?[1-9][0-9]{20,30}".prop_map(|digits| format!("({digits}\r\n").into_bytes()),
    ]
}

fn announced(kind: char, text: &[u8]) -> Vec<u8> {
    [format!("{kind}{}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat()
}

fn framed(kind: char, count: usize, parts: &[Vec<u8>]) -> Vec<u8> {
    [format!("{kind}{count}\r\n").into_bytes(), parts.concat()].concat()
}

fn paired(kind: char, pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = pairs.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
    framed(kind, pairs.len(), &parts)
}

/// The bytes of a well-formed request, typed or sent by a client, with what Redis skips in front.
pub(super) fn request() -> impl Strategy<Value = Vec<u8>> {
    let skipped = prop_oneof![6 => Just(""), 1 => Just("\r\n"), 1 => Just("*0\r\n"), 1 => Just(" \n*-1\r\n")];
    let name = || {
        prop::sample::select(vec![
            "GET",
            "MULTI",
            "EXEC",
            "DISCARD",
            "WATCH",
            "SUBSCRIBE",
            "UNSUBSCRIBE",
            "HELLO",
            "RESET",
            "PING",
            "CLIENT",
            "BLPOP",
            "MONITOR",
            "XREAD",
            "SELECT",
        ])
    };
    let sent = (name(), vec(vec(any::<u8>(), 0..20), 0..4)).prop_map(|(name, arguments)| {
        let mut parts = vec![announced('$', name.as_bytes())];
        parts.extend(arguments.iter().map(|argument| announced('$', argument)));
        framed('*', parts.len(), &parts)
    });
    let typed = (name(), "( [a-z0-9]{1,5}| \"[a-z ]{0,5}\"){0,3}", prop_oneof![Just("\r\n"), Just("\n")])
        .prop_map(|(name, arguments, end)| format!("{name}{arguments}{end}").into_bytes());
    (skipped, prop_oneof![3 => sent, 1 => typed])
        .prop_map(|(skipped, request)| [skipped.as_bytes(), &request].concat())
}

/// Well-formed bytes with a few bytes replaced, removed or put in.
pub(super) fn mutated(whole: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![any::<u8>(), prop::sample::select(b"\r\n*$+-:0123456789%~|>=!#,(_?\"' ".to_vec()),];
    (whole, vec((any::<prop::sample::Index>(), byte, 0..3_u8), 1..4)).prop_map(|(mut bytes, changes)| {
        for (index, byte, kind) in changes {
            match kind {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => *index.get_mut(&mut bytes) = byte,
                1 => drop(bytes.remove(index.index(bytes.len()))),
                _ => bytes.insert(index.index(bytes.len()), byte),
            }
        }
        bytes
    })
}

/// Sizes of the pieces in which a stream arrives.
pub(super) fn pieces() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![3 => 1..4_usize, 1 => 1..64_usize], 1..64)
}

/// Feeds `stream` to `cut` in pieces of the given sizes, over and over, as the gate does; gives what was
/// cut until the end or the first error, and the bytes left over.
///
/// # Panics
/// If a length is 0 or more than there is.
pub(super) fn feed<T, E>(
    stream: &[u8],
    pieces: &[usize],
    mut cut: impl FnMut(&[u8]) -> Result<Option<(usize, T)>, E>,
) -> (Vec<(usize, T)>, Result<usize, E>) {
    let (mut start, mut end, mut found) = (0, 0, Vec::new());
    for piece in pieces.iter().cycle() {
        end = stream.len().min(end + piece);
        loop {
            match cut(&stream[start..end]) {
                Err(error) => return (found, Err(error)),
                Ok(None) => break,
                Ok(Some((length, what))) => {
                    assert!((1..=end - start).contains(&length), "length {length} of {}", end - start);
                    start += length;
                    found.push((length, what));
                }
            }
        }
        if end == stream.len() {
            break;
        }
    }
    (found, Ok(stream.len() - start))
}
