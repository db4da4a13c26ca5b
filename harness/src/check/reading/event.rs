//! Owns [`Pairing`]: invocations and what came back of them, put together to operations.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ReadError;
use super::edn::{Form, Value};
use crate::history::{Operation, OperationEnd};
use crate::id::WorkerId;

/// One event of a history, with the values from which errors take their places.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) process: Value<'a>,
    pub(super) kind: Value<'a>,
    pub(super) name: Value<'a>,
    pub(super) key: Option<Value<'a>>,
    /// `None` is nil.
    pub(super) value: Option<Value<'a>>,
    pub(super) error: Option<Value<'a>>,
}

/// Puts events together.
pub(super) struct Pairing<'a> {
    text: &'a str,
    /// Each with what it was invoked with, as it stands in the text; `None` if it is left out.
    operations: Vec<Option<Operation>>,
    /// The open operation of each process: its place, and the value with which it was invoked.
    open: BTreeMap<u16, (usize, Option<&'a str>)>,
    events: u64,
}

impl<'a> Pairing<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, operations: Vec::new(), open: BTreeMap::new(), events: 0 }
    }

    /// Takes the next event. Those of a process that has no number, such as `:nemesis`, are nobody's operations.
    pub(super) fn take(&mut self, event: &Event<'a>) -> Result<(), ReadError> {
        let process = match event.process.form {
            Form::Number(number) => number.parse().map_err(|_| {
                self.error(
                    &event.process,
                    format!("`{number}` is no process (they have numbers up to {})", u16::MAX),
                )
            })?,
            Form::Keyword(_) => return Ok(()),
            _ => return Err(self.error(&event.process, "this is no process (they have numbers)")),
        };
        self.events += 1;
        let Form::Keyword(kind) = event.kind.form else {
            return Err(self.error(&event.kind, KINDS));
        };
        match kind {
            "invoke" => self.invoke(process, event),
            "ok" | "fail" | "info" => self.end(process, kind, event),
            _ => Err(self.error(&event.kind, KINDS)),
        }
    }

    /// The operations, in the order of their invocations. What is open now may have taken effect.
    pub(super) fn finish(self) -> Vec<Operation> {
        self.operations.into_iter().flatten().collect()
    }

    fn error(&self, value: &Value<'_>, what: impl Into<String>) -> ReadError {
        ReadError::at(self.text, value.at, what)
    }

    fn invoke(&mut self, process: u16, event: &Event<'a>) -> Result<(), ReadError> {
        let value = event.value.as_ref();
        if self.open.insert(process, (self.operations.len(), value.map(|value| value.source))).is_some() {
            let what = format!("process {process} invokes while its operation before is open");
            return Err(self.error(&event.process, what));
        }
        let value = value.map(Value::plain);
        let argument = match event.key.as_ref().map(Value::plain) {
            Some(key) if key.contains(' ') => {
                let what = format!("a key must have no blanks, and `{key}` has some");
                return Err(self.error(event.key.as_ref().unwrap_or(&event.process), what));
            }
            Some(key) => value.map_or(key.clone(), |value| Cow::Owned(format!("{key} {value}"))),
            None => value.unwrap_or_default(),
        };
        self.operations.push(Some(Operation {
            worker: WorkerId(process),
            name: event.name.plain().into_owned(),
            argument: argument.into_owned(),
            invoked: self.events - 1,
            invoked_after_steps: 0,
            returned: None,
            returned_after_steps: None,
            end: OperationEnd::Open,
            fault: None,
        }));
        Ok(())
    }

    fn end(&mut self, process: u16, kind: &str, event: &Event<'a>) -> Result<(), ReadError> {
        let Some((place, invoked_with)) = self.open.remove(&process) else {
            let what = format!("process {process} has no open operation that could end here");
            return Err(self.error(&event.process, what));
        };
        let name = event.name.plain();
        let Some(operation) = self.operations[place].as_mut().filter(|operation| operation.name == name)
        else {
            let what = format!("`{name}` is not what process {process} has invoked");
            return Err(self.error(&event.name, what));
        };
        let value = event.value.as_ref();
        let is_keyword = |value: &&Value<'_>| matches!(value.form, Form::Keyword(_));
        let error = event.error.as_ref().or(value.filter(is_keyword)).map(Value::plain);
        match kind {
            "ok" => {
                // A value that only says again what was asked for is no result.
                let result = match value {
                    Some(value) if invoked_with == Some(value.source) => Cow::Borrowed(""),
                    Some(value) => value.plain(),
                    None => Cow::Borrowed("nil"),
                };
                operation.end = OperationEnd::Ok(result.into_owned());
                operation.returned = Some(self.events - 1);
            }
            "fail" if error.is_some() => self.operations[place] = None,
            "fail" => {
                operation.end = OperationEnd::Refused(String::new());
                operation.returned = Some(self.events - 1);
            }
            _ => operation.end = OperationEnd::Unknown(error.unwrap_or_default().into_owned()),
        }
        Ok(())
    }
}

const KINDS: &str = "this is no event (they are `:invoke`, `:ok`, `:fail` and `:info`)";
