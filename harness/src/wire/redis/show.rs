//! Owns how requests and replies look to people: one line, bounded, safe for a terminal.

use super::arguments::Arguments;
use super::head::{Aggregate, Body, Head};
use super::reader::Reader;
use crate::wire::escape::{self, push};

/// Longest argument or text that is shown whole, in characters.
const TEXT_CHARS_MAX: usize = 80;

/// After this many bytes of a line nothing is added but a note of what is missing.
const LINE_BYTES_MAX: usize = 480;

/// Nested values deeper than this are not shown.
const DEPTH_MAX: usize = 16;

/// A request as one would type it in `redis-cli`. Passwords of `AUTH` and `HELLO` are not shown.
pub(super) fn request(request: &[u8]) -> String {
    let mut arguments = Arguments::of(request);
    let mut line = String::new();
    let mut secret = false;
    let mut words = 0_u64;
    while line.len() < LINE_BYTES_MAX {
        let Some(word) = arguments.next() else { break };
        if words > 0 {
            line.push(' ');
        }
        if secret {
            line.push_str("***");
        } else {
            push_word(&mut line, &word);
        }
        // Only the first word can be the command, and only `HELLO` has an option of that name.
        secret |= word.eq_ignore_ascii_case(b"AUTH") && (words == 0 || begins_with(&line, "HELLO "));
        words += 1;
    }
    let missing = arguments.remaining();
    if missing > 0 {
        push(&mut line, format_args!(" … +{missing} more"));
    }
    if words == 0 {
        push_quoted(&mut line, request);
    }
    line
}

/// A reply on one line: `OK`, `nil`, `1`, `"text"`, `(error) ERR …`, `[1, "a"]`, `{"key": 1}`.
pub(super) fn reply(reply: &[u8]) -> String {
    let mut page = Page { reader: Reader::new(reply), line: String::new(), full: false };
    if page.value(0).is_none() {
        page.line.clear();
        push_quoted(&mut page.line, reply);
    }
    page.line
}

struct Page<'a> {
    reader: Reader<'a>,
    line: String,
    /// Something was left out, so the reader no longer stands where the next value begins.
    full: bool,
}

impl Page<'_> {
    /// Adds the next value; `None` if there is none.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.reader.head()? {
            Head::Simple(text) => push_status(&mut self.line, text),
            Head::Error(text) => push_error(&mut self.line, text),
            Head::Integer(integer) => push(&mut self.line, format_args!("{integer}")),
            Head::Null | Head::NullBulk | Head::NullArray => self.line.push_str("nil"),
            Head::Boolean(truth) => push(&mut self.line, format_args!("{truth}")),
            Head::Double(text) => push_double(&mut self.line, text),
            Head::BigNumber(text) => {
                self.line.push_str("(big) ");
                push_escaped(&mut self.line, text);
            }
            Head::Body { kind, length } => {
                let text = self.reader.text(length)?;
                match kind {
                    Body::Bulk => push_quoted(&mut self.line, text),
                    Body::Error => push_error(&mut self.line, text),
                    Body::Verbatim => push_quoted(&mut self.line, text.get(4..)?),
                }
            }
            Head::Aggregate { kind, elements } => self.aggregate(kind, elements, depth)?,
        }
        Some(())
    }

    fn aggregate(&mut self, kind: Aggregate, elements: u64, depth: usize) -> Option<()> {
        let (open, close) = match kind {
            Aggregate::Array => ("[", "]"),
            Aggregate::Map => ("{", "}"),
            Aggregate::Set => ("(set) [", "]"),
            Aggregate::Push => ("(push) [", "]"),
            Aggregate::Attribute => ("(attribute) {", "} "),
        };
        self.line.push_str(open);
        if depth >= DEPTH_MAX && (elements > 0 || kind == Aggregate::Attribute) {
            self.full = true;
            self.line.push('…');
        } else {
            self.elements(kind, elements, depth)?;
        }
        self.line.push_str(close);
        if kind == Aggregate::Attribute && !self.full {
            self.value(depth + 1)?;
        }
        Some(())
    }

    fn elements(&mut self, kind: Aggregate, elements: u64, depth: usize) -> Option<()> {
        let pairs = matches!(kind, Aggregate::Map | Aggregate::Attribute);
        for index in 0..elements {
            let is_value = pairs && index % 2 == 1;
            if self.line.len() >= LINE_BYTES_MAX && !is_value {
                self.full = true;
                let missing = if pairs { (elements - index) / 2 } else { elements - index };
                push(&mut self.line, format_args!(", … +{missing} more"));
            }
            if self.full {
                return Some(());
            }
            self.line.push_str(match index {
                0 => "",
                _ if is_value => ": ",
                _ => ", ",
            });
            self.value(depth + 1)?;
        }
        Some(())
    }
}

/// A word without quotes if it would be typed so.
fn push_word(line: &mut String, word: &[u8]) {
    let plain = std::str::from_utf8(word).is_ok_and(|text| {
        !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX && text.chars().all(is_plain)
    });
    if plain {
        line.push_str(&String::from_utf8_lossy(word));
    } else {
        push_quoted(line, word);
    }
}

/// `"text"`; a long one cut and with its length behind it.
fn push_quoted(line: &mut String, text: &[u8]) {
    line.push('"');
    let cut = push_escaped(line, text);
    line.push('"');
    if cut {
        push(line, format_args!("({} bytes)", text.len()));
    }
}

/// A status bare, unless it could be taken for something else.
fn push_status(line: &mut String, text: &[u8]) {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.');
    let other: [&[u8]; 5] = [b"nil", b"true", b"false", b"inf", b"nan"];
    let bare = text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.len() <= TEXT_CHARS_MAX
        && text.iter().all(word)
        && !other.contains(&text);
    if bare {
        line.push_str(&String::from_utf8_lossy(text));
    } else {
        line.push_str("(status) ");
        push_quoted(line, text);
    }
}

fn push_error(line: &mut String, text: &[u8]) {
    line.push_str("(error) ");
    if push_escaped(line, text) {
        push(line, format_args!("({} bytes)", text.len()));
    }
}

/// A double, never looking like an integer.
fn push_double(line: &mut String, text: &str) {
    push_escaped(line, text.as_bytes());
    if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+')) {
        line.push_str(".0");
    }
}

/// At most [`TEXT_CHARS_MAX`] characters of `text`, with escapes as `redis-cli` writes them; `true` if there was more.
fn push_escaped(line: &mut String, text: &[u8]) -> bool {
    escape::push_escaped(line, text, TEXT_CHARS_MAX, "\"\\")
}

/// Whether `redis-cli` takes the character as it is, and a terminal shows it as it is.
fn is_plain(character: char) -> bool {
    match character {
        '"' | '\'' | '\\' => false,
        '!'..='~' => true,
        _ => character.is_alphanumeric() && !character.is_ascii(),
    }
}

fn begins_with(line: &str, word: &str) -> bool {
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
