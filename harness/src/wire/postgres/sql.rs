//! Owns [`Tokens`]: the words of an SQL text without its comments, texts and quoted names.
//!
//! It follows <https://www.postgresql.org/docs/current/sql-syntax-lexical.html> with
//! `standard_conforming_strings` on, reads any bytes to their end, and goes over each byte a bounded number
//! of times.

/// One piece of an SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key word or a name without quotes.
    Word(&'a [u8]),
    /// A name in double quotes.
    Quoted,
    /// A text, a number or a parameter.
    Constant,
    /// Any other byte.
    Symbol(u8),
}

impl Token<'_> {
    pub(super) fn is(self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word.as_bytes()))
    }

    pub(super) fn is_any(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
}

/// The tokens of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'a> {
    /// What is left.
    pub(super) rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(sql: &'a [u8]) -> Self {
        Self { rest: sql }
    }

    fn skip(&mut self, length: usize) -> &'a [u8] {
        let (skipped, behind) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = behind;
        skipped
    }

    fn skip_blanks(&mut self) {
        loop {
            let blanks = count(self.rest, |byte| byte.is_ascii_whitespace() || matches!(byte, 0 | 0x0b));
            self.skip(blanks);
            match self.rest {
                [b'-', b'-', ..] => drop(self.skip(count(self.rest, |byte| byte != b'\n'))),
                [b'/', b'*', ..] => drop(self.skip(comment(self.rest))),
                _ => return,
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let token = match *self.rest {
            [] => return None,
            [b'\'', ..] => self.constant(text(self.rest, b'\'', false)),
            [b'E' | b'e', b'\'', ..] => self.constant(1 + text(&self.rest[1..], b'\'', true)),
            [b'B' | b'b' | b'X' | b'x' | b'N' | b'n', b'\'', ..] => {
                self.constant(1 + text(&self.rest[1..], b'\'', false))
            }
            [b'U' | b'u', b'&', b'\'', ..] => self.constant(2 + text(&self.rest[2..], b'\'', false)),
            [b'U' | b'u', b'&', b'"', ..] => self.quoted(2 + text(&self.rest[2..], b'"', false)),
            [b'"', ..] => self.quoted(text(self.rest, b'"', false)),
            [b'$', b'0'..=b'9', ..] => {
                self.constant(1 + count(&self.rest[1..], |byte| byte.is_ascii_digit()))
            }
            [b'$', ..] => match dollar_quoted(self.rest) {
                Some(length) => self.constant(length),
                None => Token::Symbol(self.skip(1)[0]),
            },
            [b'0'..=b'9', ..] => {
                self.constant(count(self.rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_'))
            }
            [first, ..] if begins_word(first) => {
                let length =
                    count(self.rest, |byte| begins_word(byte) || byte.is_ascii_digit() || byte == b'$');
                Token::Word(self.skip(length))
            }
            [symbol, ..] => {
                self.skip(1);
                Token::Symbol(symbol)
            }
        };
        Some(token)
    }
}

impl<'a> Tokens<'a> {
    fn constant(&mut self, length: usize) -> Token<'a> {
        self.skip(length);
        Token::Constant
    }

    fn quoted(&mut self, length: usize) -> Token<'a> {
        self.skip(length);
        Token::Quoted
    }
}

/// The words in `text` wherever they stand, in comments and texts too.
pub(super) fn raw_words(text: &[u8]) -> impl Iterator<Item = Token<'_>> {
    text.split(|&byte| !begins_word(byte) && !byte.is_ascii_digit())
        .filter(|word| !word.is_empty())
        .map(Token::Word)
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn count(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !belongs(byte)).unwrap_or(bytes.len())
}

/// The length of a comment in `/*` and `*/`, which may hold others.
fn comment(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
            }
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a text from quote to quote; a doubled quote does not end it.
fn text(bytes: &[u8], quote: u8, escapes: bool) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at..] {
            [b'\\', ..] if escapes => at += 2,
            [first, second, ..] if first == quote && second == quote => at += 2,
            [first, ..] if first == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a text in `$tag$`, or `None` if there is none.
fn dollar_quoted(bytes: &[u8]) -> Option<usize> {
    let name = count(&bytes[1..], |byte| begins_word(byte) || byte.is_ascii_digit());
    let tag = bytes.get(..name + 2).filter(|tag| tag.ends_with(b"$"))?;
    let mut at = tag.len();
    while let Some(next) = bytes[at..].iter().position(|&byte| byte == b'$') {
        at += next;
        if bytes[at..].starts_with(tag) {
            return Some(at + tag.len());
        }
        at += 1;
    }
    Some(bytes.len())
}

#[cfg(test)]
mod tests;
