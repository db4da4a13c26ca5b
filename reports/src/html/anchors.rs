//! Owns the names of places on the page: plain, one for each, and the same from run to run, so that a link to one can
//! be kept.

use std::collections::BTreeMap;

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Anchors(BTreeMap<String, usize>);

impl Anchors {
    /// A name for `what`, such as `violation-counter-get-set`: of letters, digits, `-` and `_`, whatever `what` is.
    pub(super) fn name(&mut self, kind: &str, what: &str) -> String {
        let safe = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
        let words: String = what.chars().take(CHARS_MAX).map(safe).collect();
        let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
        let name = format!("{kind}-{}", words.join("-"));
        let count = self.0.entry(name.clone()).or_default();
        *count += 1;
        // No name of the first of its kind holds a `_`, so a second one is not taken for it.
        if *count == 1 { name } else { format!("{name}_{count}") }
    }
}

const CHARS_MAX: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_differ() {
        let mut anchors = Anchors::default();
        let mut name = |what| anchors.name("violation", what);
        assert_eq!(name("counter/get-set"), "violation-counter-get-set");
        assert_eq!(name("lock/a under crash+drop*2"), "violation-lock-a-under-crash-drop-2");
        assert_eq!(name("\"><b>/在庫"), "violation-b");
        assert_eq!((name(""), name("-")), ("violation-".to_owned(), "violation-_2".to_owned()));
        assert_eq!(name("counter/get-set"), "violation-counter-get-set_2");
    }
}
