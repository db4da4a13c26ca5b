//! Owns the breaking of visible text into lines, and their filling up with blanks.

use unicode_width::UnicodeWidthChar;

use super::Style;
use crate::visible::columns;

impl Style {
    /// `text` in at most `lines_max` lines of at most `width` columns, broken at blanks where there are
    /// any; what does not fit is cut.
    pub(super) fn wrap(&self, text: &str, width: usize, lines_max: usize) -> Vec<String> {
        let text = self.fit(text, usize::MAX);
        let (mut rest, mut lines) = (text.as_str(), Vec::new());
        while columns(rest) > width && lines.len() + 1 < lines_max {
            let (line, after) = rest.split_at(break_at(rest, width));
            if line.is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
            rest = after.trim_start();
        }
        lines.push(self.fit(rest, width));
        lines
    }

    /// `text` filled up with blanks to `width` columns.
    #[must_use]
    pub fn pad(text: &str, width: usize) -> String {
        format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
    }
}

/// The byte at which a line of at most `width` columns ends: after the last blank in its second half,
/// else wherever it is full.
fn break_at(text: &str, width: usize) -> usize {
    let (mut used, mut blank, mut end) = (0, None, 0);
    for (position, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if character == ' ' && used * 2 > width {
            blank = Some(position + 1);
        }
        if used > width {
            break;
        }
        end = position + character.len_utf8();
    }
    blank.unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize, lines_max: usize) -> Vec<String> {
        Style::plain().wrap(text, width, lines_max)
    }

    #[test]
    fn lines_break_at_blanks_and_the_last_is_cut() {
        assert_eq!(wrapped("UPDATE stock SET n = n - 1", 12, 9), ["UPDATE stock", "SET n = n -", "1"]);
        assert_eq!(wrapped("UPDATE stock SET n = n - 1", 12, 2), ["UPDATE stock", "SET n = n -…"]);
        assert_eq!(wrapped("abcdefgh", 3, 9), ["abc", "def", "gh"]);
        assert_eq!(wrapped("short", 30, 3), ["short"]);
    }

    /// A character wider than the line could otherwise keep the loop going for ever.
    #[test]
    fn character_wider_than_the_line_is_cut() {
        assert_eq!(wrapped("在庫", 1, 9), ["…"]);
    }
}
