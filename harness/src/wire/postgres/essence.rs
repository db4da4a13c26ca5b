//! Owns what of a request or a reply is the same in every execution: without names that clients count up,
//! process ids, ids of types that the run has made, and where in the server's source an error was raised.

use super::fields::{Fields, longs};
use super::frame::{Message, Messages, push};
use super::message::{Bind, Parse, Target, columns, execute, notice_fields, parameter_types};
use super::statements::Statements;
use std::borrow::Cow;

/// The first id of a type that is not built in.
const MADE_TYPES: u32 = 16_384;

/// A unit of requests, names replaced by what they stand for; bytes that are none are left as they are.
pub(super) fn of_request<'a>(request: &'a [u8], context: Option<&Statements>) -> Cow<'a, [u8]> {
    let named = |message: Message<'_>| matches!(message.tag, b'P' | b'B' | b'D' | b'E' | b'C');
    let essence = Messages::whole(request)
        .filter(|&messages| messages.into_iter().any(named))
        .and_then(|messages| batch(messages, context));
    essence.map_or(Cow::Borrowed(request), Cow::Owned)
}

fn batch(messages: Messages<'_>, context: Option<&Statements>) -> Option<Vec<u8>> {
    let mut references = context.map_or(&[][..], |context| &context.references).iter();
    let mut sql = |name| match references.next().and_then(|reference| reference.statement.as_deref()) {
        Some(statement) => statement.sql.to_vec(),
        None => name,
    };
    let mut out = Vec::new();
    for Message { tag, body, bytes } in messages {
        let parts = match tag {
            b'P' => {
                let parse = Parse::of(body)?;
                [parse.sql.to_vec(), type_ids(longs(parse.parameter_types))]
            }
            b'B' => {
                let bind = Bind::of(body)?;
                [sql(bind.statement.to_vec()), bind.behind_names.to_vec()]
            }
            b'D' | b'C' => match Target::of(body)? {
                Target::Statement(name) => [sql(name.to_vec()), b"S".to_vec()],
                Target::Portal(name) => [sql(name.to_vec()), b"P".to_vec()],
            },
            b'E' => {
                let (portal, rows) = execute(body)?;
                [sql(portal.to_vec()), rows.to_be_bytes().to_vec()]
            }
            _ => {
                out.extend_from_slice(bytes);
                continue;
            }
        };
        push(&mut out, tag, &parts.join(&0));
    }
    Some(out)
}

/// The messages of a reply, without what differs; bytes that are none are left as they are.
pub(super) fn of_reply(reply: &[u8]) -> Cow<'_, [u8]> {
    let differs = |message: Message<'_>| matches!(message.tag, b'E' | b'N' | b'T' | b't' | b'A' | b'K');
    if !Messages::of(reply).any(differs) {
        return Cow::Borrowed(reply);
    }
    let mut messages = Messages::of(reply);
    let mut out = Vec::with_capacity(reply.len());
    for message in messages.by_ref() {
        match (message.tag, of_message(message)) {
            (b'K', _) => {}
            (tag, Some(essence)) => push(&mut out, tag, &essence),
            (_, None) => out.extend_from_slice(message.bytes),
        }
    }
    out.extend_from_slice(messages.rest);
    Cow::Owned(out)
}

/// What stays of a message's body; `None` if that is all of it.
fn of_message(Message { tag, body, .. }: Message<'_>) -> Option<Vec<u8>> {
    match tag {
        b'E' | b'N' => {
            let mut out = Vec::new();
            for (code, text) in notice_fields(body).filter(|(code, _)| matches!(code, b'V' | b'C' | b'M')) {
                out.push(code);
                out.extend_from_slice(text);
                out.push(0);
            }
            Some(out)
        }
        b'T' => {
            let names: Vec<Vec<u8>> = columns(body)?.into_iter().map(|column| column.name).collect();
            Some(names.join(&0))
        }
        b't' => Some(type_ids(parameter_types(body)?.into_iter())),
        b'A' => {
            let mut fields = Fields::new(body);
            fields.long()?;
            Some(fields.rest.to_vec())
        }
        _ => None,
    }
}

fn type_ids(ids: impl Iterator<Item = u32>) -> Vec<u8> {
    ids.flat_map(|id| if id < MADE_TYPES { id } else { 0 }.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests;
