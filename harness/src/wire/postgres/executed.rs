//! Owns [`Executed`]: what the server executes for a request, as SQL and the values of its parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::frame::Messages;
use super::literal::decoded;
use super::message::{Bind, execute};
use super::show::format_of;
use super::statements::{Statement, Statements};
use crate::wire::Context;

/// One text that is executed: a statement with its parameters, or the text of a simple query, which may have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed<'a> {
    /// The text.
    pub sql: Cow<'a, [u8]>,
    /// Its parameters, `$1` first.
    pub parameters: Vec<Parameter<'a>>,
}

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// The id of its type; `None` if neither client nor server has said it, so that the server chooses it by the context.
    pub type_id: Option<u32>,
    /// The value as text. `None` if it is NULL, or a binary value of a type that is not known here.
    pub text: Option<Cow<'a, str>>,
    /// The value as it was sent; `None` if it is NULL.
    pub sent: Option<&'a [u8]>,
}

/// What is executed for a request, in order. `None` if that is not known, or if it may go on with something that was begun by an earlier
/// request, or leaves something to go on with: a portal, the data of a `COPY`, a transaction that the next `Sync` ends.
#[must_use]
pub fn executed<'a>(request: &'a [u8], context: Option<&'a Context>) -> Option<Vec<Executed<'a>>> {
    let context = context.and_then(Context::get::<Statements>);
    let mut references = context.map_or(&[][..], |context| &context.references).iter();
    let mut bound: BTreeMap<&[u8], Bind<'a>> = BTreeMap::new();
    let mut executed = Vec::new();
    for message in Messages::whole(request)? {
        match message.tag {
            b'Q' => {
                let sql = message.body.strip_suffix(b"\0")?;
                executed.push(Executed { sql: sql.into(), parameters: Vec::new() });
            }
            b'B' => {
                references.next();
                let bind = Bind::of(message.body)?;
                bound.insert(bind.portal, bind);
            }
            b'D' | b'C' => drop(references.next()),
            b'E' => {
                let statement = references.next()?.statement.as_deref()?;
                let (portal, rows_max) = execute(message.body)?;
                if rows_max != 0 {
                    return None;
                }
                // It runs with the snapshot that was taken when it was bound.
                let bind = bound.remove(portal)?;
                executed.push(Executed {
                    sql: Cow::Borrowed(&statement.sql),
                    parameters: parameters(&bind, statement),
                });
            }
            b'P' | b'S' => {}
            _ => return None,
        }
    }
    Some(executed)
}

fn parameters<'a>(bind: &Bind<'a>, statement: &Statement) -> Vec<Parameter<'a>> {
    let parameter = |(index, value): (usize, Option<&'a [u8]>)| {
        let type_id = statement.parameter_type(index);
        let text = value.and_then(|value| decoded(value, type_id, format_of(bind.formats, index)));
        Parameter { type_id, text, sent: value }
    };
    bind.values().enumerate().map(parameter).collect()
}

/// The command tags of an answer, without their final zeros.
pub fn tags(reply: &[u8]) -> impl Iterator<Item = &[u8]> {
    let completed = Messages::of(reply).filter(|message| message.tag == b'C');
    completed.map(|message| message.body.strip_suffix(b"\0").unwrap_or(message.body))
}

/// How an answer says that the transaction stands after it: `I` none, `T` open, `E` failed.
#[must_use]
pub fn status(reply: &[u8]) -> Option<u8> {
    Messages::of(reply).filter(|message| message.tag == b'Z').last()?.body.first().copied()
}

#[cfg(test)]
mod tests {
    use super::super::session::PostgresSession;
    use super::*;
    use crate::wire::{Limits, Session};
    use bytes::BytesMut;
    use postgres_protocol::IsNull;
    use postgres_protocol::message::frontend;

    fn unit(fill: impl FnOnce(&mut BytesMut)) -> Option<Vec<(String, Vec<Option<String>>)>> {
        let mut bytes = BytesMut::new();
        fill(&mut bytes);
        let mut session = PostgresSession::new(Limits::default());
        let request = session.request(&bytes).unwrap().unwrap();
        assert_eq!(request.length, bytes.len());
        let text = |parameter: &Parameter<'_>| parameter.text.as_ref().map(ToString::to_string);
        let told = |executed: &Executed<'_>| {
            let sql = String::from_utf8(executed.sql.to_vec()).unwrap();
            (sql, executed.parameters.iter().map(text).collect())
        };
        Some(executed(&bytes, request.context.as_ref())?.iter().map(told).collect())
    }

    fn prepare(bytes: &mut BytesMut, sql: &str, types: &[u32], formats: &[i16], values: &[Option<&[u8]>]) {
        frontend::parse("s", sql, types.iter().copied(), bytes).unwrap();
        let write = |value: &Option<&[u8]>, buffer: &mut BytesMut| {
            let Some(value) = value else { return Ok(IsNull::Yes) };
            buffer.extend_from_slice(value);
            Ok(IsNull::No)
        };
        let bound = frontend::bind("", "s", formats.iter().copied(), values, write, [], bytes);
        assert!(bound.is_ok());
    }

    #[test]
    fn simple_query_is_its_text() {
        let told = unit(|bytes| frontend::query("SELECT 1; SELECT 2", bytes).unwrap());
        assert_eq!(told, Some(vec![("SELECT 1; SELECT 2".to_owned(), Vec::new())]));
    }

    #[test]
    fn parameters_are_read_as_text_and_in_binary() {
        let told = unit(|bytes| {
            let values = [Some(&b"\0\0\0\x07"[..]), Some(b"x"), None, Some(b"\x01\x02")];
            prepare(bytes, "SELECT $1, $2, $3, $4", &[23, 25, 23, 600], &[1, 0, 1, 1], &values);
            frontend::execute("", 0, bytes).unwrap();
            frontend::sync(bytes);
        });
        let values = [Some("7"), Some("x"), None, None].map(|text| text.map(str::to_owned)).to_vec();
        assert_eq!(told, Some(vec![("SELECT $1, $2, $3, $4".to_owned(), values)]));
    }

    #[test]
    fn what_goes_on_with_or_leaves_something_is_not_known() {
        let portal = |bytes: &mut BytesMut| frontend::execute("p", 0, bytes).unwrap();
        assert_eq!(
            unit(|bytes| {
                portal(bytes);
                frontend::sync(bytes);
            }),
            None,
            "it was bound before"
        );
        assert_eq!(
            unit(|bytes| {
                prepare(bytes, "SELECT 1", &[], &[], &[]);
                frontend::execute("", 1, bytes).unwrap();
                frontend::sync(bytes);
            }),
            None,
            "rows are left"
        );
        assert_eq!(
            unit(|bytes| {
                prepare(bytes, "SELECT 1", &[], &[], &[]);
                frontend::execute("", 0, bytes).unwrap();
                frontend::flush(bytes);
            }),
            None,
            "the transaction goes on"
        );
    }

    #[test]
    fn answers_tell_what_was_done_and_how_the_transaction_stands() {
        let reply = b"C\0\0\0\x0dUPDATE 0\0C\0\0\0\x0dSELECT 2\0Z\0\0\0\x05T";
        assert_eq!(tags(reply).collect::<Vec<_>>(), [&b"UPDATE 0"[..], b"SELECT 2"]);
        assert_eq!((status(reply), status(b"")), (Some(b'T'), None));
    }
}
