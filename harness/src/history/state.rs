//! Owns [`State`]: the whole content of the stores at one moment, as values that invariants read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The content of the stores between two steps, key by key.
///
/// Keys are text; bytes that are not UTF-8 are replaced, so two such keys may look alike, but each has
/// an entry of its own in [`State::entries`] as long as their replaced forms differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct State {
    entries: BTreeMap<String, Datum>,
}

/// One value in a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    /// A string.
    Text(String),
    /// Ordered values.
    List(Vec<String>),
    /// Distinct values.
    Set(BTreeSet<String>),
    /// Fields with values (a hash, a row).
    Map(BTreeMap<String, String>),
    /// Distinct values with a score each, as the store prints it.
    Scores(BTreeMap<String, String>),
    /// A value that the store will remove by itself after some time.
    Expiring(Box<Self>),
    /// Something that is only known by its type and a digest.
    Opaque(String),
}

impl Datum {
    /// The value itself, whether or not it expires.
    #[must_use]
    pub fn lasting(&self) -> &Self {
        match self {
            Self::Expiring(datum) => datum,
            _ => self,
        }
    }
}

impl State {
    /// A state with these entries.
    #[must_use]
    pub fn new(entries: BTreeMap<String, Datum>) -> Self {
        Self { entries }
    }

    /// All entries, by key.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<String, Datum> {
        &self.entries
    }

    /// All entries, by key.
    #[must_use]
    pub fn into_entries(self) -> BTreeMap<String, Datum> {
        self.entries
    }

    /// The entry under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Datum> {
        self.entries.get(key)
    }

    /// The string under `key`; `None` if there is none or it is of another type.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)?.lasting() {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The rows of the table called `table`, each as its columns' texts (without those that are null), in the order
    /// of their keys; each is an entry under `table(primary key)`.
    pub fn rows(&self, table: &str) -> impl Iterator<Item = &BTreeMap<String, String>> {
        let prefix = format!("{table}(");
        let entries = self.entries.range(prefix.clone()..);
        let of_table = entries.take_while(move |(key, _)| key.starts_with(&prefix));
        of_table.filter_map(|(_, datum)| if let Datum::Map(row) = datum { Some(row) } else { None })
    }

    /// Whether there is something under `key` that the store will remove by itself after some time.
    #[must_use]
    pub fn expires(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Datum::Expiring(_)))
    }

    /// The string under `key` read as a whole number; `None` if it is not one.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// What differs between `before` and `self`, by key.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let keys: BTreeSet<_> = before.entries.keys().chain(self.entries.keys()).collect();
        let changed = keys.into_iter().filter(|key| before.entries.get(*key) != self.entries.get(*key));
        let show = |state: &Self, key: &String| state.entries.get(key).map(ToString::to_string);
        changed
            .map(|key| Change { key: key.clone(), before: show(before, key), after: show(self, key) })
            .collect()
    }
}

impl fmt::Display for State {
    /// `counter=1 users={a, b}`, or `(empty)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return formatter.write_str("(empty)");
        }
        for (position, (key, datum)) in self.entries.iter().enumerate() {
            let blank = if position > 0 { " " } else { "" };
            write!(formatter, "{blank}{key}={datum}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = |map: &BTreeMap<String, String>| {
            map.iter().map(|(field, value)| format!("{field}: {value}")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Text(text) | Self::Opaque(text) => formatter.write_str(text),
            Self::Expiring(datum) => write!(formatter, "{datum} (expires)"),
            Self::List(items) => write!(formatter, "[{}]", items.join(", ")),
            Self::Set(items) => {
                write!(formatter, "{{{}}}", items.iter().cloned().collect::<Vec<_>>().join(", "))
            }
            Self::Map(fields) => write!(formatter, "{{{}}}", pairs(fields)),
            Self::Scores(scores) => write!(formatter, "<{}>", pairs(scores)),
        }
    }
}

/// One key whose value changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The key.
    pub key: String,
    /// Its value before, as text; `None` if it was not there.
    pub before: Option<String>,
    /// Its value after, as text; `None` if it is gone.
    pub after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(entries: &[(&str, &str)]) -> State {
        let datum = |text: &str| Datum::Text(text.to_owned());
        State::new(entries.iter().map(|(key, value)| ((*key).to_owned(), datum(value))).collect())
    }

    /// Appearing, changing, vanishing and staying are the four cases there are.
    #[test]
    fn changes_name_what_appeared_changed_and_vanished() {
        let changes = state(&[("a", "2"), ("c", "1"), ("d", "1")]).changes_since(&state(&[
            ("a", "1"),
            ("b", "1"),
            ("d", "1"),
        ]));
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.key.as_str(), change.before.as_deref(), change.after.as_deref()))
            .collect();
        assert_eq!(told, [("a", Some("1"), Some("2")), ("b", Some("1"), None), ("c", None, Some("1"))]);
    }

    #[test]
    fn integer_is_none_for_text() {
        let state = state(&[("a", "x"), ("b", "-3")]);
        assert_eq!((state.integer("a"), state.integer("b"), state.integer("c")), (None, Some(-3), None));
    }
}
