//! Owns [`Redactor`]: what is to be taken out of everything that is written or printed, and the taking out. What stands in its place
//! is [`REDACTED`], as which replays take anything.

mod pattern;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::OnceLock;

use raceproof::redacted::REDACTED;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::schema;
use pattern::Pattern;

/// What stands in a command in the place of a pattern, which may be a secret itself.
const PATTERN: &str = "***";
/// The member that is a digest of what the members beside it tell.
const DIGEST: &str = "digest";
/// The option that gives a pattern.
const OPTION: &str = "--redact";

/// Takes out of texts what some patterns match.
///
/// Texts are taken as reports show them: with control characters and quotes written out, and long ones cut, which `…` says. What a match
/// may begin with before a cut is taken out as well.
///
/// ```
/// use raceproof_reports::Redactor;
/// let redactor = Redactor::new(&["sk_[a-z0-9]{8}".to_owned()])?;
/// assert_eq!(redactor.text("SET key sk_12345678 EX 3"), "SET key ‹redacted› EX 3");
/// assert_eq!(redactor.text("SET key sk_123…"), "SET key ‹redacted›…");
/// # Ok::<(), raceproof_reports::redactor::RedactionError>(())
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    patterns: Rc<[Pattern]>,
}

/// Why something cannot be redacted.
#[derive(Debug, Error)]
pub enum RedactionError {
    /// The pattern is none. It is not repeated: it may hold what is to be redacted.
    #[error(
        "pattern {number} of `--redact` is no regular expression (see https://docs.rs/regex, \"Syntax\")"
    )]
    Pattern {
        /// Which, from 1.
        number: usize,
    },
    /// It would take out what makes the document one.
    #[error(
        "the patterns of `--redact` match more than values, so that what is left is no record (make them more specific)"
    )]
    Form(#[source] serde_json::Error),
}

impl Redactor {
    /// One for these regular expressions.
    ///
    /// # Errors
    /// If one of them is none.
    pub fn new(patterns: &[String]) -> Result<Self, RedactionError> {
        let compiled = |(index, pattern): (usize, &String)| {
            Pattern::new(pattern).ok_or(RedactionError::Pattern { number: index + 1 })
        };
        Ok(Self { patterns: patterns.iter().enumerate().map(compiled).collect::<Result<_, _>>()? })
    }

    /// Whether there is nothing to take out.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The text without what is to be taken out. What has been is left as it is.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_idle() {
            return Cow::Borrowed(text);
        }
        let pieces: Vec<_> = text.split(REDACTED).map(|piece| self.piece(piece)).collect();
        if pieces.iter().all(|piece| matches!(piece, Cow::Borrowed(_))) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(pieces.join(REDACTED))
    }

    /// The words of a command, without what is to be taken out and without the patterns that say what.
    #[must_use]
    pub fn command(&self, words: &[String]) -> Vec<String> {
        let mut told = Vec::new();
        let mut is_pattern = false;
        for word in words {
            told.push(match word.strip_prefix(OPTION) {
                _ if is_pattern => PATTERN.to_owned(),
                Some(rest) if rest.starts_with('=') => format!("{OPTION}={PATTERN}"),
                _ => self.text(word).into_owned(),
            });
            is_pattern = !is_pattern && word == OPTION;
        }
        told
    }

    /// The same value without what is to be taken out of its texts. What gives it its form, such as schedules, tags and the names of
    /// scenarios and stores, is left alone.
    ///
    /// # Errors
    /// If what is left is no such value.
    pub fn value<T: Serialize + DeserializeOwned>(&self, value: T) -> Result<T, RedactionError> {
        if self.is_idle() {
            return Ok(value);
        }
        let redacted = serde_json::to_value(value).map(|value| self.walked(value));
        redacted.and_then(serde_json::from_value).map_err(RedactionError::Form)
    }

    fn piece<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut ranges: Vec<Range<usize>> =
            self.patterns.iter().flat_map(|pattern| pattern.ranges(text)).collect();
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        ranges.sort_by_key(|range| range.start);
        let (mut redacted, mut end) = (String::new(), 0);
        for range in ranges {
            if range.start > end || redacted.is_empty() {
                redacted += &text[end..range.start];
                redacted += REDACTED;
            }
            end = end.max(range.end);
        }
        Cow::Owned(redacted + &text[end..])
    }

    fn walked(&self, value: Value) -> Value {
        match value {
            Value::String(text) if vocabulary().contains(&text) => Value::String(text),
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.walked(item)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            Value::Number(_) | Value::Bool(_) | Value::Null => value,
        }
    }

    fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let is_card = members.contains_key("about");
        let digested = members.contains_key(DIGEST).then(|| members.clone());
        let mut redacted = Map::new();
        for (name, value) in members {
            if FORM.contains(&name.as_str()) || (is_card && name == "name") {
                redacted.insert(name, value);
                continue;
            }
            let name = if is_known(&name) { name } else { self.text(&name).into_owned() };
            let value = self.walked(value);
            match (redacted.get(&name).and_then(Value::as_u64), value.as_u64()) {
                // What was counted apart is now the same.
                (Some(one), Some(other)) => redacted.insert(name, (one + other).into()),
                _ => redacted.insert(name, value),
            };
        }
        // Who can guess what was taken out could confirm it by the digest.
        if digested.is_some_and(|before| before != redacted) {
            redacted.insert(DIGEST.to_owned(), REDACTED.into());
        }
        redacted
    }
}

/// Members that are no values of the system under test, but give a record its form.
const FORM: [&str; 21] = [
    "choice",
    "code",
    "conflicts",
    "expected",
    "faults",
    "format",
    "isolation",
    "missing",
    "model",
    "models",
    "program",
    "scenario",
    "schedule",
    "shard",
    "store",
    "strategy",
    "team",
    "violating_schedule",
    "woke",
    "worker",
    "workers",
];

/// The names of all members of records, and the words that say which of several things a value is: no secrets, as they are in the schema.
fn vocabulary() -> &'static BTreeSet<String> {
    static VOCABULARY: OnceLock<BTreeSet<String>> = OnceLock::new();
    VOCABULARY.get_or_init(|| {
        let mut words = BTreeSet::new();
        gather(&schema::record(), &mut words);
        words
    })
}

fn gather(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let named = members.get("properties").and_then(Value::as_object);
            words.extend(named.into_iter().flat_map(Map::keys).cloned());
            let listed = members.get("enum").and_then(Value::as_array).into_iter().flatten();
            let fixed = listed.chain(members.get("const")).filter_map(Value::as_str);
            words.extend(fixed.map(str::to_owned));
            members.values().for_each(|member| gather(member, words));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        _ => {}
    }
}

/// Whether a name or a value is part of the form wherever it stands.
fn is_known(word: &str) -> bool {
    vocabulary().contains(word) || word.parse::<raceproof::WorkerId>().is_ok()
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Patterns may be secrets.
        write!(formatter, "Redactor({} patterns)", self.patterns.len())
    }
}

#[cfg(test)]
mod tests;
