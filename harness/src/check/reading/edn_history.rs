//! Owns the reading of histories in EDN: maps of Jepsen's keys, one after the other or in one vector.

use super::ReadError;
use super::edn::{Form, Reader, Value};
use super::event::{Event, Pairing};
use crate::history::Operation;

/// Reads a history, one map at a time.
pub(super) fn read(text: &str) -> Result<Vec<Operation>, ReadError> {
    let mut reader = Reader::new(text, 0);
    let mut pairing = Pairing::of(text);
    let is_vector = reader.enter()?;
    loop {
        if is_vector && reader.leave()? {
            break;
        }
        match reader.next_value()? {
            Some(value) => pairing.take(&event(text, value)?)?,
            None if is_vector => {
                return Err(ReadError::at(text, text.len(), "the vector of events has no end"));
            }
            None => break,
        }
    }
    if is_vector && let Some(value) = reader.next_value()? {
        return Err(ReadError::at(text, value.at, "there is something behind the vector of events"));
    }
    Ok(pairing.finish())
}

fn event<'a>(text: &str, value: Value<'a>) -> Result<Event<'a>, ReadError> {
    let at = value.at;
    let Form::Map(entries) = value.form else {
        return Err(ReadError::at(text, at, "this is no event (they are maps)"));
    };
    let (mut process, mut kind, mut name, mut key, mut told, mut error) =
        (None, None, None, None, None, None);
    for (entry, value) in entries {
        let place = match entry.form {
            Form::Keyword("process") => &mut process,
            Form::Keyword("type") => &mut kind,
            Form::Keyword("f") => &mut name,
            Form::Keyword("key") => &mut key,
            Form::Keyword("value") => &mut told,
            Form::Keyword("error") => &mut error,
            _ => continue,
        };
        *place = Some(value).filter(|value| value.form != Form::Nil);
    }
    let missing = |key: &str| ReadError::at(text, at, format!("this event has no `:{key}`"));
    Ok(Event {
        process: process.ok_or_else(|| missing("process"))?,
        kind: kind.ok_or_else(|| missing("type"))?,
        name: name.ok_or_else(|| missing("f"))?,
        key,
        value: told,
        error,
    })
}
