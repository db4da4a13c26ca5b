//! Owns how an answer looks to people.

use super::super::fields::Fields;
use super::super::frame::{Message, Messages};
use super::super::literal::{push_hex, push_value};
use super::super::message::{Column, Values, columns, notice_field};
use super::super::statements::{Reference, Statements};
use super::request::{format_of, sql};
use super::{LINE_BYTES_MAX, Line, TEXT_CHARS_MAX};
use crate::wire::escape::{push, push_escaped};

/// Most rows of one result that are shown.
const ROWS_MAX: usize = 10;

/// Rows, tags, errors and notices, in the order in which they came.
pub(in super::super) fn reply(reply: &[u8], context: Option<&Statements>) -> String {
    if reply.is_empty() {
        return "connection closed".to_owned();
    }
    let mut page = Page { context, ..Page::default() };
    let mut messages = Messages::of(reply);
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
    /// How many results are over.
    results: usize,
    columns: Option<Vec<Column>>,
    rows: usize,
    shown_rows: String,
    copied: Option<usize>,
    line: Line,
    /// What is said if there is nothing else.
    quiet: &'static str,
}

impl Page<'_> {
    /// `None` if the message breaks off.
    fn message(&mut self, Message { tag, body, .. }: Message<'_>) -> Option<()> {
        match tag {
            b'T' => {
                self.columns = Some(columns(body)?);
                self.quiet = "described";
            }
            b'D' => self.row(Values::of_row(body)?),
            b'C' => {
                let tag = sql(body.strip_suffix(b"\0")?);
                self.end_of_result(&tag);
            }
            b'I' => self.end_of_result("empty query"),
            b's' => self.end_of_result("more rows follow"),
            b'E' | b'N' => self.line.add(&notice(body)),
            b'A' => {
                let mut fields = Fields::new(body);
                fields.long()?;
                let (channel, payload) = (fields.text()?, fields.text()?);
                self.line.add(&format!("{}: {}", sql(channel), sql(payload)));
            }
            b'G' => self.line.add("copy starts"),
            b'H' => self.copied = Some(0),
            b'd' => *self.copied.get_or_insert(0) += body.len(),
            b'R' if Fields::new(body).long()? != 0 => self.line.add("asks who the client is"),
            b'V' => self.line.add("function result"),
            b't' | b'n' => self.quiet = "described",
            b'1' if self.quiet.is_empty() => self.quiet = "prepared",
            b'3' if self.quiet.is_empty() => self.quiet = "closed",
            b'1' | b'2' | b'3' | b'K' | b'R' | b'S' | b'Z' | b'c' | b'v' => {}
            _ => return None,
        }
        Some(())
    }

    fn row(&mut self, values: Values<'_>) {
        self.rows += 1;
        if self.rows > ROWS_MAX || self.shown_rows.len() >= LINE_BYTES_MAX || self.line.full() {
            return;
        }
        let mut row = String::from(if self.rows == 1 { "(" } else { ", (" });
        for (index, value) in values.enumerate() {
            if index > 0 {
                row.push_str(", ");
            }
            if row.len() >= LINE_BYTES_MAX {
                push(&mut row, format_args!("… +{} more", values.count() - index));
                break;
            }
            let (type_id, format) = self.type_of(index);
            push_value(&mut row, value, type_id, format);
        }
        row.push(')');
        self.shown_rows.push_str(&row);
    }

    /// The type and the format code of a column. A statement that was described without being bound says
    /// nothing about formats, so the portal's own come first.
    fn type_of(&self, index: usize) -> (Option<u32>, u16) {
        let reference = self.reference();
        let statement = reference.and_then(|reference| reference.statement.as_deref());
        let columns = self.columns.as_ref().or_else(|| statement?.columns.get());
        let column = columns.and_then(|columns| columns.get(index));
        let format = match reference {
            Some(reference) => format_of(&reference.result_formats, index),
            None => column.map_or(0, |column| column.format),
        };
        (column.map(|column| column.type_id), format)
    }

    /// What the current result is the result of.
    fn reference(&self) -> Option<&Reference> {
        let context = self.context?;
        context.references.get(*context.executed.get(self.results)?)
    }

    fn end_of_result(&mut self, tag: &str) {
        let rows = std::mem::take(&mut self.rows);
        let shown = std::mem::take(&mut self.shown_rows);
        let counts = ["SELECT ", "FETCH ", "more rows"].iter().any(|verb| tag.starts_with(verb));
        // `EXPLAIN`, `SHOW` and the like count nothing.
        let counts = counts || (rows > 0 && !tag.bytes().any(|byte| byte.is_ascii_digit()));
        let mut part = match (counts, rows) {
            (true, 1) => "1 row".to_owned(),
            (true, _) => format!("{rows} rows"),
            (false, _) => tag.to_owned(),
        };
        if !shown.is_empty() {
            push(&mut part, format_args!(": {shown}"));
            let left_out = rows.saturating_sub(ROWS_MAX);
            if left_out > 0 {
                push(&mut part, format_args!(", … {left_out} more rows"));
            }
        }
        if let Some(bytes) = self.copied.take() {
            push(&mut part, format_args!(": COPY data ({bytes} bytes)"));
        }
        self.line.add(&part);
        self.columns = None;
        self.results += 1;
    }

    fn raw(&mut self, bytes: &[u8]) {
        let mut part = String::new();
        push_hex(&mut part, bytes);
        self.line.add(&part);
    }

    fn finish(mut self) -> String {
        if self.rows > 0 || self.copied.is_some() {
            self.end_of_result("breaks off");
        }
        match self.line.finish() {
            line if !line.is_empty() => line,
            _ if !self.quiet.is_empty() => self.quiet.to_owned(),
            _ => "ready".to_owned(),
        }
    }
}

/// `ERROR 40001: could not …`
fn notice(body: &[u8]) -> String {
    let field = |code| notice_field(body, code);
    let mut line = String::new();
    push_escaped(&mut line, field(b'V').or_else(|| field(b'S')).unwrap_or(b"ERROR"), TEXT_CHARS_MAX, "");
    if let Some(code) = field(b'C').filter(|code| *code != b"00000") {
        line.push(' ');
        push_escaped(&mut line, code, TEXT_CHARS_MAX, "");
    }
    line.push_str(": ");
    line.push_str(&sql(field(b'M').unwrap_or_default()));
    line
}
