//! Owns the reading of Jepsen's log: `INFO  jepsen.util - 0 :invoke :cas [3 0]`.

use super::ReadError;
use super::edn::{Form, Reader, Value};
use super::event::{Event, Pairing};
use crate::history::Operation;

/// What stands before each event.
const MARK: &str = "jepsen.util - ";

/// Reads a history; lines without the mark are of others.
pub(super) fn read(text: &str) -> Result<Vec<Operation>, ReadError> {
    let mut pairing = Pairing::of(text);
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        if let Some(place) = line.find(MARK) {
            let end = begin + line.trim_end().len();
            pairing.take(&event(&text[..end], begin + place + MARK.len())?)?;
        }
        begin += line.len();
    }
    Ok(pairing.finish())
}

/// The event of the line that `text` ends with, from the byte `at` on.
fn event(text: &str, at: usize) -> Result<Event<'_>, ReadError> {
    let mut reader = Reader::new(text, at);
    let mut next = |what: &str| -> Result<Value<'_>, ReadError> {
        reader
            .next_value()?
            .ok_or_else(|| ReadError::at(text, text.len(), format!("the line ends before {what}")))
    };
    let (process, kind, name) = (next("the process")?, next("the event")?, next("the operation")?);
    let value = next("the value")?;
    let value = Some(value).filter(|value| value.form != Form::Nil);
    // What follows is an error message, for people.
    Ok(Event { process, kind, name, key: None, value, error: None })
}
