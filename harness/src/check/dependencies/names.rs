//! Owns [`Names`]: keys as dense numbers, and back.

#[expect(clippy::disallowed_types, reason = "it is asked and never walked, so its order shows nowhere")]
use std::collections::HashMap;

/// Texts, numbered in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    #[expect(clippy::disallowed_types, reason = "it is asked and never walked, so its order shows nowhere")]
    numbers: HashMap<Box<str>, u32>,
}

impl Names {
    /// The number of `text`, which is new if it was never asked for.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = super::number(self.texts.len());
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }
}
