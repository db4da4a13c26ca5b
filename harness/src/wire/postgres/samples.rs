//! Owns the messages and conversations that the tests of this folder are fed with, and ways to feed them.

use super::frame::push;
use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

/// A message with any body, as the server sends them.
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, tag, body);
    out
}

/// What a client library writes.
pub(super) fn written(write: impl FnOnce(&mut BytesMut)) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out);
    out.to_vec()
}

pub(super) fn query(sql: &str) -> Vec<u8> {
    written(|out| frontend::query(sql, out).unwrap())
}

pub(super) fn parse(name: &str, sql: &str) -> Vec<u8> {
    written(|out| frontend::parse(name, sql, [], out).unwrap())
}

/// Binds the unnamed portal; four-byte parameters are sent in binary, and results wanted in binary.
pub(super) fn bind(statement: &str, parameters: &[Option<i32>]) -> Vec<u8> {
    bind_portal("", statement, parameters)
}

pub(super) fn bind_portal(portal: &str, statement: &str, parameters: &[Option<i32>]) -> Vec<u8> {
    let value = |value: &Option<i32>, out: &mut BytesMut| {
        out.extend_from_slice(&value.map_or(Vec::new(), |value| value.to_be_bytes().to_vec()));
        Ok(if value.is_some() { IsNull::No } else { IsNull::Yes })
    };
    written(|out| {
        let outcome = frontend::bind(portal, statement, [1], parameters, value, [1], out);
        assert!(outcome.is_ok(), "it fits");
    })
}

pub(super) fn describe(name: &str) -> Vec<u8> {
    written(|out| frontend::describe(b'S', name, out).unwrap())
}

pub(super) fn execute(portal: &str) -> Vec<u8> {
    written(|out| frontend::execute(portal, 0, out).unwrap())
}

pub(super) fn close(name: &str) -> Vec<u8> {
    written(|out| frontend::close(b'S', name, out).unwrap())
}

pub(super) const SYNC: &[u8] = b"S\0\0\0\x04";
pub(super) const FLUSH: &[u8] = b"H\0\0\0\x04";
pub(super) const COPY_DONE: &[u8] = b"c\0\0\0\x04";
pub(super) const TERMINATE: &[u8] = b"X\0\0\0\x04";

pub(super) const PARSED: &[u8] = b"1\0\0\0\x04";
pub(super) const BOUND: &[u8] = b"2\0\0\0\x04";
pub(super) const CLOSED: &[u8] = b"3\0\0\0\x04";
pub(super) const NO_DATA: &[u8] = b"n\0\0\0\x04";
pub(super) const SUSPENDED: &[u8] = b"s\0\0\0\x04";
pub(super) const IDLE: &[u8] = b"Z\0\0\0\x05I";
pub(super) const OPEN: &[u8] = b"Z\0\0\0\x05T";
pub(super) const FAILED: &[u8] = b"Z\0\0\0\x05E";
pub(super) const COPY_IN: &[u8] = b"G\0\0\0\x09\0\0\x01\0\0";
pub(super) const COPY_OUT: &[u8] = b"H\0\0\0\x09\0\0\x01\0\0";
pub(super) const SETTING: &[u8] = b"S\0\0\0\x08a\0b\0";
/// A whole greeting of process 4096.
pub(super) const GREETING: &[u8] =
    b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0K\0\0\0\x0c\0\0\x10\0\0\0\0\x07Z\0\0\0\x05I";

pub(super) fn notification(channel: &str, payload: &str) -> Vec<u8> {
    message(b'A', &[b"\0\0\0\x07", channel.as_bytes(), b"\0", payload.as_bytes(), b"\0"].concat())
}

pub(super) fn completed(tag: &str) -> Vec<u8> {
    message(b'C', &[tag.as_bytes(), b"\0"].concat())
}

pub(super) fn error(severity: &str, code: &str, text: &str) -> Vec<u8> {
    let body = format!("S{severity}\0V{severity}\0C{code}\0M{text}\0DProcess 77 waits\0Fpostgres.c\0L12\0\0");
    message(b'E', body.as_bytes())
}

pub(super) fn notice(text: &str) -> Vec<u8> {
    message(b'N', format!("SNOTICE\0VNOTICE\0C00000\0M{text}\0\0").as_bytes())
}

pub(super) fn columns(all: &[(&str, u32, u16)]) -> Vec<u8> {
    let mut body = u16::try_from(all.len()).unwrap().to_be_bytes().to_vec();
    for (name, type_id, format) in all {
        body.extend_from_slice(&[name.as_bytes(), b"\0\0\0\x40\x01\0\x01"].concat());
        body.extend_from_slice(&type_id.to_be_bytes());
        body.extend_from_slice(b"\0\x04\xff\xff\xff\xff");
        body.extend_from_slice(&format.to_be_bytes());
    }
    message(b'T', &body)
}

pub(super) fn parameters(types: &[u32]) -> Vec<u8> {
    let mut body = u16::try_from(types.len()).unwrap().to_be_bytes().to_vec();
    body.extend(types.iter().flat_map(|id| id.to_be_bytes()));
    message(b't', &body)
}

pub(super) fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        match value {
            None => body.extend_from_slice(&[0xff; 4]),
            Some(value) => {
                body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
                body.extend_from_slice(value);
            }
        }
    }
    message(b'D', &body)
}

pub(super) fn copy_data(text: &str) -> Vec<u8> {
    message(b'd', text.as_bytes())
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// A session as clients have it: queries, a prepared statement, errors, both kinds of `COPY`, `LISTEN`, a
/// `Flush`.
pub(super) fn conversation() -> Vec<(Side, Vec<u8>)> {
    let one = 1_i32.to_be_bytes();
    let turns: Vec<[Vec<Vec<u8>>; 2]> = vec![
        [vec![query("BEGIN")], vec![completed("BEGIN"), OPEN.to_vec()]],
        [
            vec![
                parse("s0", "UPDATE stock SET n = n - 1 WHERE id = $1 RETURNING n"),
                describe("s0"),
                SYNC.to_vec(),
            ],
            vec![PARSED.to_vec(), parameters(&[23]), columns(&[("n", 23, 0)]), OPEN.to_vec()],
        ],
        [
            vec![bind("s0", &[Some(1)]), execute(""), SYNC.to_vec()],
            vec![BOUND.to_vec(), notice("low"), row(&[Some(&one)]), completed("UPDATE 1"), OPEN.to_vec()],
        ],
        [vec![query("COMMIT")], vec![SETTING.to_vec(), completed("COMMIT"), IDLE.to_vec()]],
        [vec![query("LISTEN jobs")], vec![completed("LISTEN"), IDLE.to_vec(), notification("jobs", "1")]],
        [vec![query("COPY t FROM STDIN")], vec![COPY_IN.to_vec()]],
        [
            vec![copy_data("1\n"), copy_data("2\n"), COPY_DONE.to_vec()],
            vec![completed("COPY 2"), IDLE.to_vec()],
        ],
        [
            vec![parse("", "COPY t FROM STDIN"), bind("", &[]), execute(""), SYNC.to_vec()],
            vec![PARSED.to_vec(), BOUND.to_vec(), COPY_IN.to_vec()],
        ],
        [
            vec![copy_data("3\n"), COPY_DONE.to_vec(), SYNC.to_vec()],
            vec![error("ERROR", "23505", "duplicate key"), IDLE.to_vec()],
        ],
        [
            vec![query("COPY t TO STDOUT")],
            vec![COPY_OUT.to_vec(), copy_data("1\n"), COPY_DONE.to_vec(), completed("COPY 1"), IDLE.to_vec()],
        ],
        [vec![parse("s1", "SELEC"), FLUSH.to_vec()], vec![error("ERROR", "42601", "syntax error")]],
        [vec![bind("s1", &[]), execute(""), FLUSH.to_vec(), SYNC.to_vec()], vec![IDLE.to_vec()]],
        [vec![close("s0"), FLUSH.to_vec()], vec![CLOSED.to_vec()]],
        [vec![SYNC.to_vec(), TERMINATE.to_vec()], vec![IDLE.to_vec()]],
    ];
    let turns = turns.into_iter();
    turns.flat_map(|[asked, told]| [(Side::Client, asked.concat()), (Side::Server, told.concat())]).collect()
}

/// The bytes that one side says in [`conversation`].
pub(super) fn said_by(side: Side) -> Vec<u8> {
    conversation().into_iter().filter(|(who, _)| *who == side).flat_map(|(_, bytes)| bytes).collect()
}
