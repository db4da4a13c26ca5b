//! Owns [`Set`]: distinct elements.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Value;
use crate::check::linearizability::{Answer, Misfit, Model, Reported, words};

/// Distinct elements; none at first.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `add`, `insert` | the element | `true` if it was not there, `false` if it was; not judged if another text |
/// | `remove` | the element | `true` if it was there, `false` if not; not judged if another text |
/// | `contains` | the element | `true` or `false` |
/// | `read` | none | all elements, such as `1 2 3` or `#{1 2 3}` |
///
/// Without a `read`, each element is judged for itself. A refused `add` has found its element there, a refused `remove` has not; both
/// are judged.
#[derive(Debug, Clone, Default)]
pub struct Set;

/// An operation of a [`Set`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetCall {
    /// It put the element in; whether it was new, if that is known.
    Add(Value, Option<bool>),
    /// It took the element out; whether it was there, if that is known.
    Remove(Value, Option<bool>),
    /// Whether the element is there.
    Contains(Value, bool),
    /// All elements.
    Read(BTreeSet<Value>),
}

impl Model for Set {
    type State = BTreeSet<Value>;
    type Call = SetCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<SetCall>, Misfit> {
        let element = Value::from(reported.argument);
        let changed = match reported.answer {
            Answer::Ok("true") => Some(true),
            Answer::Ok("false") | Answer::Refused(_) => Some(false),
            Answer::Ok(_) | Answer::Unknown => None,
        };
        Ok(match (reported.name, reported.answer) {
            ("add" | "insert", _) => Some(SetCall::Add(element, changed)),
            ("remove", _) => Some(SetCall::Remove(element, changed)),
            ("contains", Answer::Ok(_)) => {
                let is_there = changed.ok_or_else(|| Misfit::result(reported, "`true` or `false`"))?;
                Some(SetCall::Contains(element, is_there))
            }
            ("read", Answer::Ok(text)) => {
                let text = text.strip_prefix('#').unwrap_or(text);
                let elements = if text == "nil" { "" } else { text };
                Some(SetCall::Read(words(elements).map(Value::from).collect()))
            }
            ("contains" | "read", _) => None,
            _ => return Err(Misfit::name(reported, "a set", "add, remove, contains, read")),
        })
    }

    fn init(&self) -> BTreeSet<Value> {
        BTreeSet::new()
    }

    fn step(&self, state: &BTreeSet<Value>, call: &SetCall) -> Option<BTreeSet<Value>> {
        let fits = match call {
            SetCall::Add(element, changed) => changed.is_none_or(|new| new != state.contains(element)),
            SetCall::Remove(element, changed) => changed.is_none_or(|there| there == state.contains(element)),
            SetCall::Contains(element, is_there) => state.contains(element) == *is_there,
            SetCall::Read(elements) => elements == state,
        };
        fits.then(|| {
            let mut state = state.clone();
            match call {
                SetCall::Add(element, _) => drop(state.insert(element.clone())),
                SetCall::Remove(element, _) => drop(state.remove(element)),
                SetCall::Contains(..) | SetCall::Read(_) => {}
            }
            state
        })
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        (reported.name != "read").then_some(Cow::Borrowed(reported.argument))
    }

    fn is_read(&self, call: &SetCall) -> bool {
        match call {
            SetCall::Add(_, changed) | SetCall::Remove(_, changed) => *changed == Some(false),
            SetCall::Contains(..) | SetCall::Read(_) => true,
        }
    }

    fn show(&self, state: &BTreeSet<Value>) -> String {
        let elements: Vec<_> = state.iter().map(ToString::to_string).collect();
        format!("{{{}}}", elements.join(" "))
    }

    fn bytes(&self, state: &BTreeSet<Value>) -> usize {
        (state.len() + 1) * size_of::<Value>()
    }
}

#[cfg(test)]
mod tests {
    use super::Set;
    use crate::check::sample::{holds, ok, refused, unknown};

    #[test]
    fn element_is_new_once() {
        assert!(holds(&Set, &[ok('A', "add 1", "true", 0, 3), ok('B', "add 1", "false", 1, 2)]));
        assert!(holds(&Set, &[ok('A', "add 1", "true", 0, 3), refused('B', "add 1", 1, 2)]));
        assert!(!holds(&Set, &[ok('A', "add 1", "true", 0, 3), ok('B', "add 1", "true", 1, 2)]));
        assert!(!holds(&Set, &[refused('B', "add 1", 1, 2)]));
    }

    #[test]
    fn element_is_there_between_its_coming_and_its_going() {
        let both = || [ok('A', "add 1", "", 0, 1), ok('A', "remove 1", "true", 4, 6)];
        let asked = |is_there, from| {
            holds(&Set, &[&both()[..], &[ok('B', "contains 1", is_there, from, from + 1)]].concat())
        };
        assert!(asked("true", 2) && !asked("false", 2));
        assert!(asked("true", 5) && asked("false", 5));
        assert!(asked("false", 7) && !asked("true", 7));
    }

    #[test]
    fn all_elements_are_those_of_one_moment() {
        let adds = || [ok('A', "add 1", "", 0, 1), ok('A', "add 2", "", 2, 3), unknown('B', "add 3", 0)];
        let read =
            |elements, from| holds(&Set, &[&adds()[..], &[ok('C', "read", elements, from, 9)]].concat());
        assert!(read("1 2", 4) && read("#{3 2 1}", 4) && read("nil", 0));
        assert!(!read("2", 0) && !read("1", 4));
    }
}
