//! Owns [`Course`]: what one invariant said at each moment of an execution that is told.

use serde::{Deserialize, Serialize};

use super::Opinion;

/// Most characters that are kept of what was found or could not be decided.
const TEXT_CHARS_MAX: usize = 400;

/// What one invariant said of an execution as that went on.
///
/// Also of an invariant that is only promised for the end: what it would have said, had the execution ended there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// The promise, in the words of the scenario.
    pub invariant: String,
    /// When it is promised.
    pub when: When,
    /// What it said first, and each moment at which it began to hold, to be broken or to be undecided.
    pub said: Vec<Said>,
}

/// When an invariant is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// After every step.
    Always,
    /// When all workers are done.
    Finally,
}

/// What an invariant said from one moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Said {
    /// How many steps were over; 0 is before the first one.
    pub after_steps: usize,
    /// What it said, shortened. It said the same in other words, at most, until the next entry.
    pub opinion: Opinion,
}

impl Course {
    /// The course of an invariant that has said nothing yet.
    #[must_use]
    pub fn new(invariant: impl Into<String>, when: When) -> Self {
        Self { invariant: invariant.into(), when, said: Vec::new() }
    }

    /// Notes what the invariant says when `after_steps` steps are over; moments come in order.
    pub fn note(&mut self, after_steps: usize, opinion: Opinion) {
        if self.said.last().is_none_or(|last| !last.opinion.is_like(&opinion)) {
            self.said.push(Said { after_steps, opinion: opinion.shortened(TEXT_CHARS_MAX) });
        }
    }

    /// Leaves out what it said when more than `steps` steps were over.
    pub(crate) fn truncate(&mut self, steps: usize) {
        self.said.retain(|said| said.after_steps <= steps);
    }

    /// What it said when `steps` steps were over, if it had been asked by then.
    #[must_use]
    pub fn at(&self, steps: usize) -> Option<&Opinion> {
        self.said.iter().rfind(|said| said.after_steps <= steps).map(|said| &said.opinion)
    }

    /// After how many steps it was broken for good: it was so at the last moment and at all before it, back to this one.
    #[must_use]
    pub fn broken_since(&self) -> Option<usize> {
        let last = self.said.last()?;
        matches!(last.opinion, Opinion::Broken(_)).then_some(last.after_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Opinion {
        Opinion::Broken(text.to_owned())
    }

    fn course(opinions: impl IntoIterator<Item = Opinion>) -> Course {
        let mut course = Course::new("a is 1", When::Finally);
        opinions.into_iter().enumerate().for_each(|(steps, opinion)| course.note(steps, opinion));
        course
    }

    /// A number in the text may be another one after every step; what matters is when the promise was broken and whole again.
    #[test]
    fn only_other_opinions_are_noted_and_not_other_words() {
        let told =
            course([Opinion::Holds, broken("0"), broken("2"), Opinion::Holds, broken("3"), broken("4")]);
        let moments: Vec<usize> = told.said.iter().map(|said| said.after_steps).collect();
        assert_eq!(moments, [0, 1, 3, 4]);
        assert_eq!((told.at(2), told.at(3)), (Some(&broken("0")), Some(&Opinion::Holds)));
        assert_eq!(told.broken_since(), Some(4));
    }

    #[test]
    fn what_holds_in_the_end_is_not_broken_for_good() {
        assert_eq!(course([broken("0"), Opinion::Holds]).broken_since(), None);
        assert_eq!(course([]).broken_since(), None);
        assert_eq!(course([]).at(7), None);
    }

    #[test]
    fn long_texts_are_cut() {
        let told = course([broken(&"é".repeat(1 << 20))]);
        let Some(Opinion::Broken(text)) = told.at(0) else { panic!("it was broken") };
        assert_eq!(text.chars().count(), TEXT_CHARS_MAX);
        assert!(text.ends_with('…'));
    }
}
