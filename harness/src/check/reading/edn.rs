//! Owns [`Reader`]: the values of a text in Extensible Data Notation, each with its place.
//!
//! No crate is used because an error in a history must name the place of a value that is there but makes no sense, and the
//! crates keep no places of values (or only in a part that they call unstable).

use std::borrow::Cow;

use super::ReadError;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<'a> {
    /// What it is.
    pub form: Form<'a>,
    /// The text that it was read from.
    pub source: &'a str,
    /// The byte at which that begins.
    pub at: usize,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Form<'a> {
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// `12`, `12N`, `1.5`, `1/2`: as it stands, without a suffix
    Number(&'a str),
    /// `:ok`, without the colon
    Keyword(&'a str),
    /// Any other bare word, and characters such as `\a`
    Symbol(&'a str),
    /// `"text"`
    Text(Cow<'a, str>),
    /// `(1 2)`, `[1 2]` or `#{1 2}`
    Sequence(Vec<Value<'a>>),
    /// `{:a 1}`, in the order of the text
    Map(Vec<(Value<'a>, Value<'a>)>),
}

/// Reads the values of a text one after the other. Comments, discarded values and tags are skipped (`#inst "…"` is a text).
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// Deepest nesting; no history comes near it.
const DEPTH_MAX: usize = 64;

impl<'a> Value<'a> {
    /// The value under the keyword `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Form::Map(entries) = &self.form else { return None };
        entries.iter().find(|(name, _)| name.form == Form::Keyword(key)).map(|(_, value)| value)
    }

    /// The value as an operation says it: texts without quotes, keywords without colons, all that has parts as it stands.
    #[must_use]
    pub fn plain(&self) -> Cow<'a, str> {
        match &self.form {
            Form::Text(text) => text.clone(),
            Form::Number(text) | Form::Keyword(text) | Form::Symbol(text) => Cow::Borrowed(text),
            Form::Nil | Form::Bool(_) | Form::Sequence(_) | Form::Map(_) => Cow::Borrowed(self.source),
        }
    }
}

impl<'a> Reader<'a> {
    /// A reader of `text` from the byte `at` on.
    #[must_use]
    pub fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The next value; `None` at the end of the text.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is something else.
    pub fn next_value(&mut self) -> Result<Option<Value<'a>>, ReadError> {
        self.skip(0)?;
        if self.rest().is_empty() { Ok(None) } else { self.value(0).map(Some) }
    }

    /// Steps into the sequence that begins here, if one does, so that its values come one by one. Whether one did.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if what is to be skipped before it is broken.
    pub fn enter(&mut self) -> Result<bool, ReadError> {
        self.skip(0)?;
        let enters = self.rest().starts_with(['[', '(']);
        self.at += usize::from(enters);
        Ok(enters)
    }

    /// Steps out of what was entered, if it ends here. Whether it does.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if what is to be skipped before it is broken.
    pub fn leave(&mut self) -> Result<bool, ReadError> {
        self.skip(0)?;
        let leaves = self.rest().starts_with([']', ')']);
        self.at += usize::from(leaves);
        Ok(leaves)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, what: impl Into<String>) -> ReadError {
        ReadError::at(self.text, self.at, what)
    }

    /// Skips blanks, comments, discarded values and tags.
    fn skip(&mut self, depth: usize) -> Result<(), ReadError> {
        loop {
            let rest = self.rest();
            let trimmed = rest
                .trim_start_matches(|letter: char| letter.is_whitespace() || ",\u{feff}".contains(letter));
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with(';') {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("#_") {
                self.at += 2;
                self.skip(depth)?;
                self.value(depth + 1)?;
            } else if let Some(tag) =
                trimmed.strip_prefix('#').filter(|tag| tag.starts_with(char::is_alphabetic))
            {
                self.at += 1 + bare(tag).len();
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, ReadError> {
        if depth > DEPTH_MAX {
            return Err(self.error(format!("more than {DEPTH_MAX} values lie in each other")));
        }
        let at = self.at;
        let rest = self.rest();
        let form = match rest.as_bytes().first() {
            None => return Err(self.error("the text ends where a value should be")),
            Some(b'"') => self.text()?,
            Some(b'[') => Form::Sequence(self.values("[", ']', depth)?),
            Some(b'(') => Form::Sequence(self.values("(", ')', depth)?),
            Some(b'#') if rest.starts_with("#{") => Form::Sequence(self.values("#{", '}', depth)?),
            Some(b'{') => {
                let mut values = self.values("{", '}', depth)?.into_iter();
                let mut entries = Vec::with_capacity(values.len() / 2);
                while let Some(key) = values.next() {
                    let what = "this key of a map has no value";
                    let value = values.next().ok_or_else(|| ReadError::at(self.text, key.at, what))?;
                    entries.push((key, value));
                }
                Form::Map(entries)
            }
            Some(_) => self.word()?,
        };
        Ok(Value { form, source: &self.text[at..self.at], at })
    }

    fn values(&mut self, open: &str, close: char, depth: usize) -> Result<Vec<Value<'a>>, ReadError> {
        let begin = self.at;
        self.at += open.len();
        let mut values = Vec::new();
        loop {
            self.skip(depth)?;
            match self.rest().chars().next() {
                Some(letter) if letter == close => break,
                Some(_) => values.push(self.value(depth + 1)?),
                None => {
                    return Err(ReadError::at(self.text, begin, format!("this `{open}` has no `{close}`")));
                }
            }
        }
        self.at += 1;
        Ok(values)
    }

    fn word(&mut self) -> Result<Form<'a>, ReadError> {
        let word = bare(self.rest());
        if word.is_empty() {
            let letter = self.rest().chars().next().unwrap_or_default();
            return Err(self.error(format!("`{letter}` begins no value")));
        }
        self.at += word.len();
        let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
        Ok(match word {
            "nil" => Form::Nil,
            "true" => Form::Bool(true),
            "false" => Form::Bool(false),
            _ if word.len() > 1 && word.starts_with(':') => Form::Keyword(&word[1..]),
            _ if digits.starts_with(|digit: char| digit.is_ascii_digit()) => {
                Form::Number(word.strip_suffix(['N', 'M']).unwrap_or(word))
            }
            _ => Form::Symbol(word),
        })
    }

    /// A text in quotes, which begins here.
    fn text(&mut self) -> Result<Form<'a>, ReadError> {
        let begin = self.at;
        let inside = &self.rest()[1..];
        let mut text = Cow::Borrowed("");
        let mut letters = inside.char_indices();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += place + 2;
                    return Ok(Form::Text(if text.is_empty() {
                        Cow::Borrowed(&inside[..place])
                    } else {
                        text
                    }));
                }
                '\\' => {
                    if text.is_empty() {
                        text = Cow::Owned(inside[..place].to_owned());
                    }
                    let escaped = letters.next().and_then(|(_, letter)| unescaped(letter, &mut letters));
                    let what =
                        "this is no escape of a text (known: `\\n`, `\\t`, `\\r`, `\\\\`, `\\\"`, `\\u0041`)";
                    let escaped = escaped.ok_or_else(|| ReadError::at(self.text, begin + 1 + place, what))?;
                    text.to_mut().push(escaped);
                }
                _ if !text.is_empty() => text.to_mut().push(letter),
                _ => {}
            }
        }
        Err(ReadError::at(self.text, begin, "this text has no end"))
    }
}

/// What a backslash and `letter` stand for; `\u` takes four digits more.
fn unescaped(letter: char, more: &mut std::str::CharIndices<'_>) -> Option<char> {
    match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '\\' | '"' => Some(letter),
        'u' => {
            let digits: String = more.by_ref().take(4).map(|(_, digit)| digit).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4)?)
        }
        _ => None,
    }
}

/// The bare word with which `text` begins.
fn bare(text: &str) -> &str {
    let is_end = |letter: char| letter.is_whitespace() || "()[]{}\",;".contains(letter);
    &text[..text.find(is_end).unwrap_or(text.len())]
}
