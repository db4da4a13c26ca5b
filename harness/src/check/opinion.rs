//! Owns [`Opinion`]: what a checker says of a history, in three values.

use serde::{Deserialize, Serialize};

/// What a checker says of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum Opinion {
    /// The history has the property.
    Holds,
    /// It does not, told so that a reader can follow it.
    Broken(String),
    /// It could not be decided within the limits, which are named.
    Undecided(String),
}

impl Opinion {
    /// The graver of two: broken before undecided before holding; of two equally grave ones the first.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// Whether both say the same, in whichever words.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }

    /// The same in at most `chars_max` characters, of which the last is `…` if there were more.
    #[must_use]
    pub fn shortened(self, chars_max: usize) -> Self {
        let cut = |text: String| match text.char_indices().nth(chars_max) {
            None => text,
            Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
        };
        match self {
            Self::Holds => Self::Holds,
            Self::Broken(text) => Self::Broken(cut(text)),
            Self::Undecided(text) => Self::Undecided(cut(text)),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Undecided(_) => 1,
            Self::Broken(_) => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Opinion;

    #[test]
    fn graver_opinion_wins_and_of_equal_ones_the_first() {
        let broken = |text: &str| Opinion::Broken(text.to_owned());
        let undecided = Opinion::Undecided("budget".to_owned());
        assert_eq!(Opinion::Holds.merge(undecided.clone()), undecided);
        assert_eq!(undecided.clone().merge(broken("a")), broken("a"));
        assert_eq!(broken("a").merge(undecided), broken("a"));
        assert_eq!(broken("a").merge(broken("b")), broken("a"));
    }
}
