//! Owns [`Visible`]: text of any origin made harmless for a terminal and a page. Escaping for HTML is the
//! templates' business.

use std::fmt;

use unicode_width::UnicodeWidthChar;

/// Most columns that a text keeps for a page; a terminal cuts further, to its lanes.
pub const COLUMNS_MAX: usize = 400;
/// Most columns of a value that a page may fold away.
pub const LONG_COLUMNS_MAX: usize = 4_000;

/// Most marks without a width of their own on one character; scripts need two, towers of accents more.
const MARKS_MAX: usize = 2;

/// Text of one line without anything that a terminal or a browser obeys.
///
/// Control characters (line ends and escape sequences among them), characters that turn the direction
/// of the text around and characters that cannot be seen are written as Rust writes them: `\n`,
/// `\x1b`, `\u{202e}`. A backslash stays as it is: the form is for reading, not for parsing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Visible(String);

impl Visible {
    /// `text` made visible, and cut to [`COLUMNS_MAX`] columns.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::cut_to(text, COLUMNS_MAX)
    }

    /// `text` made visible, and cut to [`LONG_COLUMNS_MAX`] columns: for a report that shows its beginning first.
    #[must_use]
    pub fn long(text: &str) -> Self {
        Self::cut_to(text, LONG_COLUMNS_MAX)
    }

    /// `text` made visible, and cut to `columns_max` columns of which the last is `…` if it was longer.
    #[must_use]
    pub fn cut_to(text: &str, columns_max: usize) -> Self {
        let mut shown = Builder::default();
        for character in text.chars() {
            if !shown.push(character, columns_max) {
                return Self(shown.cut(columns_max));
            }
        }
        Self(shown.text)
    }

    /// How many columns it takes.
    #[must_use]
    pub fn columns(&self) -> usize {
        columns(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Visible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// How many columns `text` takes on a terminal.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

#[derive(Default)]
struct Builder {
    text: String,
    columns: usize,
    marks: usize,
}

impl Builder {
    /// Appends one character unless it no longer fits.
    fn push(&mut self, character: char, columns_max: usize) -> bool {
        let width = character.width().unwrap_or(0);
        self.marks = if width == 0 { self.marks + 1 } else { 0 };
        let stray = width == 0 && (self.marks > MARKS_MAX || self.text.is_empty());
        if stray || is_unseen(character) {
            let written = written(character);
            self.marks = 0;
            self.append(&written, written.len(), columns_max)
        } else {
            self.append(character.encode_utf8(&mut [0; 4]), width, columns_max)
        }
    }

    fn append(&mut self, piece: &str, width: usize, columns_max: usize) -> bool {
        if self.columns + width > columns_max {
            return false;
        }
        self.columns += width;
        self.text.push_str(piece);
        true
    }

    /// Takes away what `…` needs and appends it.
    fn cut(mut self, columns_max: usize) -> String {
        while self.columns + 1 > columns_max {
            let Some(last) = self.text.pop() else { return String::new() };
            self.columns -= last.width().unwrap_or(0);
        }
        self.text + "…"
    }
}

fn written(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\0'..='\u{ff}' => format!("\\x{:02x}", u32::from(character)),
        _ => format!("\\u{{{:x}}}", u32::from(character)),
    }
}

/// Whether a character is obeyed rather than seen, or looks like nothing: controls, format characters
/// (bidi among them), line separators, variation selectors, tags, fillers, noncharacters (Unicode 16,
/// categories Cc, Cf, Zl, Zp and `Default_Ignorable_Code_Point`).
pub(crate) fn is_unseen(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || (code & 0xfffe) == 0xfffe
        || matches!(code,
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
            | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164
            | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Visible::of(text).to_string()
    }

    /// One of each kind that a terminal or a browser would obey.
    #[test]
    fn what_would_be_obeyed_is_written_out() {
        assert_eq!(shown("\u{1b}]0;title\u{7}"), "\\x1b]0;title\\x07");
        assert_eq!(shown("a\r\nb\tc\0"), "a\\r\\nb\\tc\\x00");
        assert_eq!(shown("\u{9b}31m"), "\\x9b31m");
        assert_eq!(shown("abc\u{202e}fed\u{2066}"), "abc\\u{202e}fed\\u{2066}");
        assert_eq!(shown("pay\u{200b}pal\u{e0041}"), "pay\\u{200b}pal\\u{e0041}");
    }

    #[test]
    fn text_of_any_script_stays() {
        for text in ["naïve – 100 €", "在庫 1", "नमस्ते", "back\\slash", "e\u{301}"] {
            assert_eq!(shown(text), text);
        }
    }

    /// A tower of accents has no width, so only counting marks keeps it short.
    #[test]
    fn towers_of_marks_are_bounded() {
        let tower = format!("a{}", "\u{301}".repeat(100_000));
        assert!(Visible::cut_to(&tower, 40).as_str().len() < 200);
        assert_eq!(shown("\u{301}a"), "\\u{301}a");
    }

    #[test]
    fn long_text_ends_in_an_ellipsis_within_its_columns() {
        assert_eq!(Visible::cut_to("abcdef", 4).as_str(), "abc…");
        assert_eq!(Visible::cut_to("abcd", 4).as_str(), "abcd");
        assert_eq!(Visible::cut_to("在庫在庫", 4).as_str(), "在…");
        assert_eq!(Visible::cut_to("ab", 1).as_str(), "…");
        assert_eq!(Visible::cut_to("ab", 0).as_str(), "");
    }

    proptest! {
        /// No text gets wider than asked for or keeps a control or a bidi character.
        #[test]
        fn any_text_is_harmless(text in any::<String>(), columns_max in 0..60usize) {
            let visible = Visible::cut_to(&text, columns_max);
            prop_assert!(visible.columns() <= columns_max);
            prop_assert!(!visible.as_str().chars().any(is_unseen));
        }

        /// Showing what was shown changes nothing, so a text may pass here twice.
        #[test]
        fn showing_twice_is_showing_once(text in any::<String>()) {
            let once = Visible::of(&text);
            prop_assert_eq!(Visible::of(once.as_str()), once);
        }
    }
}
