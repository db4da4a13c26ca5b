//! Owns [`Cut`]: a text of which the page shows the beginning and folds away the rest, and how much may be folded away.

use crate::visible::Visible;

/// Most columns of a text that are shown at once.
const SHOWN_COLUMNS_MAX: usize = 200;
/// Most bytes that one story folds away.
const FOLDED_BYTES_MAX: usize = 24 << 10;

/// A text, or its beginning with the whole folded away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) shown: Visible,
    /// The whole, if that is more and there is room for it.
    pub(super) whole: Option<Visible>,
}

/// How much one story may still fold away.
#[derive(Debug)]
pub(super) struct Scissors {
    bytes_left: usize,
}

impl Default for Scissors {
    fn default() -> Self {
        Self { bytes_left: FOLDED_BYTES_MAX }
    }
}

impl Scissors {
    /// `text`, cut if it is long.
    pub(super) fn cut(&mut self, text: &Visible) -> Cut {
        let bytes = text.as_str().len();
        if text.columns() <= SHOWN_COLUMNS_MAX {
            return Cut { shown: text.clone(), whole: None };
        }
        let shown = Visible::cut_to(text.as_str(), SHOWN_COLUMNS_MAX);
        let whole = (bytes <= self.bytes_left).then(|| text.clone());
        self.bytes_left -= whole.as_ref().map_or(0, |_| bytes);
        Cut { shown, whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_shows_its_beginning_and_folds_the_whole_away() {
        let mut scissors = Scissors::default();
        let short = Visible::of("a=1");
        assert_eq!(scissors.cut(&short), Cut { shown: short.clone(), whole: None });
        let long = Visible::long(&"x".repeat(1_000));
        let cut = scissors.cut(&long);
        assert_eq!((cut.shown.columns(), cut.whole), (SHOWN_COLUMNS_MAX, Some(long)));
    }

    /// However much there is, one story folds away no more than it may.
    #[test]
    fn what_is_folded_away_is_bounded() {
        let mut scissors = Scissors::default();
        let long = Visible::long(&"é".repeat(1 << 20));
        let folded: usize =
            (0..100).filter_map(|_| scissors.cut(&long).whole).map(|whole| whole.as_str().len()).sum();
        assert!(folded > 0 && folded <= FOLDED_BYTES_MAX, "{folded}");
    }
}
