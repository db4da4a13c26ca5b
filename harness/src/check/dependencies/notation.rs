//! Owns the reading of Elle's notation for what a transaction does. Reading whole files of it is the business of the readers.

use thiserror::Error;

use super::micro::{Micro, Seen};

/// A text that is no list of reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is not what a transaction does (write `[[:append x 1] [:w y 2] [:r z nil]]`)")]
pub struct NotationError {
    word: String,
}

/// The reads and writes that `text` tells: `[[:append x 1] [:r y [1 2]]]`. Colons, commas and quotation marks may be left out.
pub(super) fn micros(text: &str) -> Result<Vec<Micro>, NotationError> {
    let mut words = Words { rest: text };
    words.expect("[")?;
    let mut micros = Vec::new();
    loop {
        match words.next() {
            Some("[") => micros.push(micro(&mut words)?),
            Some("]") => break,
            other => return Err(wrong(other)),
        }
    }
    match words.next() {
        None => Ok(micros),
        other => Err(wrong(other)),
    }
}

fn micro(words: &mut Words<'_>) -> Result<Micro, NotationError> {
    let what = words.word()?;
    let key = words.word()?.to_owned();
    let micro = match what.trim_start_matches(':') {
        "append" => Micro::Append(key, words.number()?),
        "w" => Micro::Write(key, words.number()?),
        "r" => Micro::Read(key, seen(words)?),
        _ => return Err(wrong(Some(what))),
    };
    words.expect("]")?;
    Ok(micro)
}

fn seen(words: &mut Words<'_>) -> Result<Option<Seen>, NotationError> {
    let mut values = Vec::new();
    match words.next() {
        Some("nil") => return Ok(None),
        Some("[") => {}
        Some(word) => return number(word).map(|value| Some(Seen::Value(value))),
        None => return Err(wrong(None)),
    }
    loop {
        match words.next() {
            Some("]") => return Ok(Some(Seen::List(values))),
            Some(word) => values.push(number(word)?),
            None => return Err(wrong(None)),
        }
    }
}

fn number(word: &str) -> Result<i64, NotationError> {
    word.parse().map_err(|_| wrong(Some(word)))
}

fn wrong(word: Option<&str>) -> NotationError {
    NotationError { word: word.unwrap_or("(the end)").to_owned() }
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let is_blank = |symbol: char| symbol.is_whitespace() || symbol == ',' || symbol == '"';
        self.rest = self.rest.trim_start_matches(is_blank);
        let first = self.rest.chars().next()?;
        let length = if first == '[' || first == ']' {
            1
        } else {
            let ends = |symbol: char| is_blank(symbol) || symbol == '[' || symbol == ']';
            self.rest.find(ends).unwrap_or(self.rest.len())
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(word)
    }

    fn word(&mut self) -> Result<&'a str, NotationError> {
        match self.next() {
            Some(word) if word != "[" && word != "]" => Ok(word),
            other => Err(wrong(other)),
        }
    }

    fn number(&mut self) -> Result<i64, NotationError> {
        number(self.word()?)
    }

    fn expect(&mut self, wanted: &str) -> Result<(), NotationError> {
        match self.next() {
            Some(word) if word == wanted => Ok(()),
            other => Err(wrong(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::MicroList;

    fn any_micro() -> impl Strategy<Value = Micro> {
        let key = "[a-z]{1,3}";
        prop_oneof![
            (key, any::<i64>()).prop_map(|(key, value)| Micro::Append(key, value)),
            (key, any::<i64>()).prop_map(|(key, value)| Micro::Write(key, value)),
            key.prop_map(|key| Micro::Read(key, None)),
            (key, any::<i64>()).prop_map(|(key, value)| Micro::value(key, Some(value))),
            (key, prop::collection::vec(any::<i64>(), 0..4)).prop_map(|(key, seen)| Micro::list(key, seen)),
        ]
    }

    proptest! {
        #[test]
        fn text_form_round_trips(micros in prop::collection::vec(any_micro(), 0..5)) {
            let list = MicroList(micros);
            prop_assert_eq!(list.to_string().parse(), Ok(list));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\[\\]:arw0-9x, ]{0,24}") {
            let _ = micros(&text);
        }
    }

    /// Each lacks one thing that the notation needs.
    #[test]
    fn other_texts_are_refused_with_the_word_that_is_wrong() {
        for (text, word) in [
            ("", "(the end)"),
            ("[[:append x]]", "]"),
            ("[[:append x y]]", "y"),
            ("[[:cas x 1]]", ":cas"),
            ("[[:r x [1 2]]", "(the end)"),
            ("[[:w x 1]] x", "x"),
        ] {
            assert_eq!(micros(text), Err(wrong(Some(word))), "{text}");
        }
    }
}
