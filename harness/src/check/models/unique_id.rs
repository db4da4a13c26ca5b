//! Owns [`UniqueId`]: no id twice.

use std::borrow::Cow;

use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// A source of ids that gives out none twice.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `generate`, `next` | any | the id |
///
/// Each id is judged for itself. Operations that were refused or whose id nobody knows are ignored.
#[derive(Debug, Clone, Default)]
pub struct UniqueId;

/// An operation of a [`UniqueId`]: the id was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given;

impl Model for UniqueId {
    type State = bool;
    type Call = Given;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<Given>, Misfit> {
        match (reported.name, reported.answer) {
            ("generate" | "next", Answer::Ok(_)) => Ok(Some(Given)),
            ("generate" | "next", _) => Ok(None),
            _ => Err(Misfit::name(reported, "a source of ids", "generate")),
        }
    }

    fn init(&self) -> bool {
        false
    }

    fn step(&self, is_given: &bool, Given: &Given) -> Option<bool> {
        (!is_given).then_some(true)
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        match reported.answer {
            Answer::Ok(id) => Some(Cow::Borrowed(id)),
            Answer::Refused(_) | Answer::Unknown => None,
        }
    }

    fn show(&self, is_given: &bool) -> String {
        if *is_given { "given out" } else { "not given out" }.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::UniqueId;
    use crate::check::sample::{holds, ok, unknown};

    #[test]
    fn id_is_given_out_once() {
        let first = || ok('A', "generate", "7", 0, 3);
        assert!(holds(&UniqueId, &[first(), ok('B', "generate", "8", 1, 2), unknown('C', "generate", 0)]));
        assert!(!holds(&UniqueId, &[first(), ok('B', "generate", "7", 1, 2)]));
        assert!(!holds(&UniqueId, &[first(), ok('B', "next", "7", 4, 5)]));
    }
}
