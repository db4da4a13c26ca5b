//! Owns [`KeyValue`]: texts under keys.

use std::borrow::Cow;
use std::sync::Arc;

use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// Texts under keys; each is empty at first, which `nil` says too.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `get` | the key | the text |
/// | `put`, `set` | the key, a blank, the text | any |
/// | `append` | the key, a blank, what is added at the end | any |
/// | `delete` | the key | any |
///
/// Each key is judged for itself. Refused operations are ignored.
#[derive(Debug, Clone, Default)]
pub struct KeyValue;

/// An operation of a [`KeyValue`] on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValueCall {
    /// It returned this.
    Get(Arc<str>),
    /// It wrote this.
    Put(Arc<str>),
    /// It added this.
    Append(Arc<str>),
}

impl Model for KeyValue {
    type State = Arc<str>;
    type Call = KeyValueCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<KeyValueCall>, Misfit> {
        let text = || {
            let text = reported.argument.split_once(' ');
            text.map(|(_, text)| text.into()).ok_or_else(|| Misfit::argument(reported, "a key and a text"))
        };
        Ok(match (reported.name, reported.answer) {
            ("get", Answer::Ok(text)) => {
                Some(KeyValueCall::Get(if text == "nil" { "" } else { text }.into()))
            }
            ("put" | "set", Answer::Ok(_) | Answer::Unknown) => Some(KeyValueCall::Put(text()?)),
            ("append", Answer::Ok(_) | Answer::Unknown) => Some(KeyValueCall::Append(text()?)),
            ("delete", Answer::Ok(_) | Answer::Unknown) => Some(KeyValueCall::Put("".into())),
            ("get" | "put" | "set" | "append" | "delete", _) => None,
            _ => return Err(Misfit::name(reported, "a key-value store", "get, put, append, delete")),
        })
    }

    fn init(&self) -> Arc<str> {
        "".into()
    }

    fn step(&self, state: &Arc<str>, call: &KeyValueCall) -> Option<Arc<str>> {
        match call {
            KeyValueCall::Get(text) => (text == state).then(|| Arc::clone(state)),
            KeyValueCall::Put(text) => Some(Arc::clone(text)),
            KeyValueCall::Append(text) if text.is_empty() => Some(Arc::clone(state)),
            KeyValueCall::Append(text) => Some([&**state, &**text].concat().into()),
        }
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(reported.argument.split(' ').next().unwrap_or_default()))
    }

    fn is_read(&self, call: &KeyValueCall) -> bool {
        matches!(call, KeyValueCall::Get(_))
    }

    fn bytes(&self, state: &Arc<str>) -> usize {
        size_of::<Arc<str>>() + 16 + state.len()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyValue;
    use crate::check::sample::{holds, ok, unknown};

    #[test]
    fn what_is_appended_stays() {
        let appends = || [ok('A', "append k x", "", 0, 3), ok('B', "append k y", "", 1, 2)];
        let read = |text| holds(&KeyValue, &[&appends()[..], &[ok('C', "get k", text, 4, 5)]].concat());
        assert!(read("xy") && read("yx") && !read("x") && !read("xyx") && !read(""));
    }

    #[test]
    fn keys_do_not_touch_each_other() {
        let puts =
            || [ok('A', "put k x", "", 0, 1), ok('B', "put l y", "", 2, 3), unknown('C', "delete k", 4)];
        let read = |name, text| holds(&KeyValue, &[&puts()[..], &[ok('C', name, text, 6, 7)]].concat());
        assert!(read("get k", "x") && read("get k", "nil") && !read("get k", "y") && read("get l", "y"));
    }
}
