//! Owns how a unit of requests looks to people.

use super::super::fields::{Fields, shorts};
use super::super::frame::{Message, Messages};
use super::super::literal::{push_hex, push_value};
use super::super::message::{Bind, Parse, Target, execute};
use super::super::statements::{Statement, Statements};
use super::{Line, TEXT_CHARS_MAX};
use crate::wire::escape::{push, push_escaped};
use std::collections::BTreeMap;

/// What is executed, else what is prepared; passwords are not shown.
pub(in super::super) fn request(request: &[u8], context: Option<&Statements>) -> String {
    if request.is_empty() {
        return "disconnect".to_owned();
    }
    let mut page = Page { context, ..Page::default() };
    let mut messages = Messages::of(request);
    for message in messages.by_ref() {
        if page.message(message).is_none() {
            page.raw(message.bytes);
        }
    }
    if !messages.rest.is_empty() {
        page.raw(messages.rest);
    }
    page.finish()
}

#[derive(Default)]
struct Page<'a> {
    context: Option<&'a Statements>,
    /// How many of the context's references were met.
    met: usize,
    /// What this unit prepares.
    parsed: BTreeMap<&'a [u8], Parse<'a>>,
    /// What this unit binds, and the statement of it.
    bound: BTreeMap<&'a [u8], (Option<&'a Statement>, Bind<'a>)>,
    line: Line,
    /// What is said if nothing is executed.
    quiet: Line,
    copied: Option<usize>,
}

impl<'a> Page<'a> {
    /// `None` if the message breaks off.
    fn message(&mut self, Message { tag, body, .. }: Message<'a>) -> Option<()> {
        match tag {
            b'Q' => self.line.add(&sql(body.strip_suffix(b"\0")?)),
            b'P' => {
                let parse = Parse::of(body)?;
                self.parsed.insert(parse.name, parse);
                self.quiet.add(&format!("prepare {}", sql(parse.sql)));
            }
            b'B' => {
                let bind = Bind::of(body)?;
                let statement = self.reference();
                self.bound.insert(bind.portal, (statement, bind));
            }
            b'D' | b'C' => {
                let statement = self.reference();
                let verb = if tag == b'D' { "describe" } else { "close" };
                let (Target::Statement(name) | Target::Portal(name)) = Target::of(body)?;
                if !(tag == b'D' && self.parsed.contains_key(name)) {
                    self.quiet.add(&format!("{verb} {}", text(statement, name)));
                }
            }
            b'E' => {
                let statement = self.reference();
                let (portal, _) = execute(body)?;
                self.execute(statement, portal);
            }
            b'd' => *self.copied.get_or_insert(0) += body.len(),
            b'c' => drop(self.copied.get_or_insert(0)),
            b'f' => {
                self.copied = None;
                self.line.add(&format!("COPY given up: {}", sql(body.strip_suffix(b"\0")?)));
            }
            b'F' => self.line.add(&format!("call of function {}", Fields::new(body).long()?)),
            b'X' => self.line.add("disconnect"),
            b'p' => self.line.add("password"),
            b'S' | b'H' => {}
            _ => return None,
        }
        Some(())
    }

    /// The statement that the next message refers to.
    fn reference(&mut self) -> Option<&'a Statement> {
        self.met += 1;
        self.context?.references.get(self.met - 1)?.statement.as_deref()
    }

    fn execute(&mut self, statement: Option<&'a Statement>, portal: &[u8]) {
        if self.line.full() {
            return self.line.leave_out();
        }
        let Some((of_bind, bind)) = self.bound.get(portal) else {
            return self.line.add(&text(statement, portal));
        };
        let statement = statement.or(*of_bind);
        let parsed = self.parsed.get(bind.statement);
        let mut part = match (statement, parsed) {
            (None, Some(parse)) => sql(parse.sql),
            _ => text(statement, bind.statement),
        };
        push_parameters(&mut part, bind, statement);
        self.line.add(&part);
    }

    fn raw(&mut self, bytes: &[u8]) {
        let mut part = String::new();
        push_hex(&mut part, bytes);
        self.line.add(&part);
    }

    fn finish(mut self) -> String {
        if let Some(bytes) = self.copied {
            self.line.add(&format!("COPY data ({bytes} bytes)"));
        }
        match (self.line.finish(), self.quiet.finish()) {
            (line, _) if !line.is_empty() => line,
            (_, quiet) if !quiet.is_empty() => quiet,
            _ => "sync".to_owned(),
        }
    }
}

fn push_parameters(part: &mut String, bind: &Bind<'_>, statement: Option<&Statement>) {
    for (index, value) in bind.values().enumerate() {
        part.push_str(if index == 0 { " [" } else { ", " });
        if part.len() >= super::LINE_BYTES_MAX {
            push(part, format_args!("… +{} more", bind.values().count() - index));
            break;
        }
        let type_id = statement.and_then(|statement| statement.parameter_type(index));
        push_value(part, value, type_id, format_of(bind.formats, index));
    }
    if bind.values().next().is_some() {
        part.push(']');
    }
}

/// The format code of a value: one for each, one for all, or none, which is text.
pub(in super::super) fn format_of(formats: &[u8], index: usize) -> u16 {
    let mut codes = shorts(formats);
    match formats.len() {
        0 => 0,
        2 => codes.next().unwrap_or(0),
        _ => codes.nth(index).unwrap_or(0),
    }
}

fn text(statement: Option<&Statement>, name: &[u8]) -> String {
    match statement {
        Some(statement) => sql(&statement.sql),
        None => format!("statement `{}`", sql(name)),
    }
}

/// A text with each run of white space as one space.
pub(super) fn sql(text: &[u8]) -> String {
    // What is cut away need not be looked at; runs of spaces may make a long text shorter than it could be.
    let window = &text[..text.len().min(16 * TEXT_CHARS_MAX)];
    let words: Vec<&[u8]> = window.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let mut line = String::new();
    let cut = push_escaped(&mut line, &words.join(&b' '), TEXT_CHARS_MAX, "");
    if cut || window.len() < text.len() {
        push(&mut line, format_args!("({} bytes)", text.len()));
    }
    line
}
