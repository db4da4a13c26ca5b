//! Owns [`Pattern`]: where a regular expression matches a text, and where a match may begin that a cut has ended.

use std::cell::RefCell;
use std::ops::Range;

use regex::Regex;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

/// The longest begin of a match that is looked for before a cut.
const CUT_BYTES_MAX: usize = 256;

/// One regular expression.
pub(super) struct Pattern {
    whole: Regex,
    /// The same, asked whether a text ends within a match.
    begun: DFA,
    cache: RefCell<Cache>,
}

impl Pattern {
    /// `None` if it is none.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let whole = Regex::new(pattern).ok()?;
        // What looks at the characters around it may be anywhere where these are not plain.
        let config = DFA::config().unicode_word_boundary(true);
        let begun = DFA::builder().configure(config).build(pattern).ok()?;
        let cache = RefCell::new(begun.create_cache());
        Some(Self { whole, begun, cache })
    }

    /// What it matches in `text`, and what may be the begin of a match before a cut.
    pub(super) fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let matches = self.whole.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty());
        let cuts = text.match_indices('…').filter_map(|(end, _)| Some(self.begun_before(text, end)?..end));
        matches.chain(cuts).collect()
    }

    /// The first place from which the pattern may go on behind `end`.
    fn begun_before(&self, text: &str, end: usize) -> Option<usize> {
        let from = text.floor_char_boundary(end.saturating_sub(CUT_BYTES_MAX));
        let places = text[from..end].char_indices().map(|(index, _)| from + index);
        places.into_iter().find(|place| self.may_go_on(text, *place..end))
    }

    /// Whether a match that begins where the range does may go on where it ends.
    fn may_go_on(&self, text: &str, range: Range<usize>) -> bool {
        let mut cache = self.cache.borrow_mut();
        let bytes = &text.as_bytes()[range.clone()];
        let input = Input::new(text).range(range).anchored(Anchored::Yes);
        // Who cannot tell must say yes.
        let Ok(mut state) = self.begun.start_state_forward(&mut cache, &input) else { return true };
        for byte in bytes {
            match self.begun.next_state(&mut cache, state, *byte) {
                Ok(next) => state = next,
                Err(_) => return true,
            }
            if state.is_dead() || state.is_quit() {
                return state.is_quit();
            }
        }
        true
    }
}
