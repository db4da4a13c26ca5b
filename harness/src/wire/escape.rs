//! Owns how bytes of a peer become part of a line that people read: what a terminal could misread is escaped, and what is
//! long is cut.

use std::fmt::Write;

/// Appends at most `chars_max` characters of `text`, with escapes for what a terminal could misread and for those that
/// are in `also`; `true` if there was more.
pub(super) fn push_escaped(line: &mut String, text: &[u8], chars_max: usize, also: &str) -> bool {
    // A character has at most four bytes, so what lies further is not needed.
    let window = &text[..text.len().min(4 * chars_max)];
    let mut room = chars_max;
    for chunk in window.utf8_chunks() {
        let invalid = chunk.invalid().iter().map(|byte| Err(*byte));
        for piece in chunk.valid().chars().map(Ok).chain(invalid) {
            if room == 0 {
                line.push('…');
                return true;
            }
            room -= 1;
            match piece {
                Ok(character) => push_character(line, character, also),
                Err(byte) => push(line, format_args!("\\x{byte:02x}")),
            }
        }
    }
    if window.len() < text.len() {
        line.push('…');
    }
    window.len() < text.len()
}

fn push_character(line: &mut String, character: char, also: &str) {
    match character {
        '\n' => line.push_str("\\n"),
        '\r' => line.push_str("\\r"),
        '\t' => line.push_str("\\t"),
        _ if also.contains(character) => line.extend(['\\', character]),
        ' '..='~' => line.push(character),
        _ if character.is_alphanumeric() => line.push(character),
        _ => {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                push(line, format_args!("\\x{byte:02x}"));
            }
        }
    }
}

/// Appends what [`format_args!`] gives.
pub(super) fn push(line: &mut String, text: std::fmt::Arguments<'_>) {
    line.write_fmt(text).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8], chars_max: usize, also: &str) -> (String, bool) {
        let mut line = String::new();
        let cut = push_escaped(&mut line, text, chars_max, also);
        (line, cut)
    }

    /// Escape sequences, text that turns around, broken UTF-8 and, where asked for, quotes.
    #[test]
    fn nothing_reaches_a_terminal_that_it_could_misread() {
        assert_eq!(escaped("a\u{1b}[31m\n\u{202e}é".as_bytes(), 40, "").0, "a\\x1b[31m\\n\\xe2\\x80\\xaeé");
        assert_eq!(escaped(b"\xff\"", 40, "").0, "\\xff\"");
        assert_eq!(escaped(b"\"\\", 40, "\"\\").0, "\\\"\\\\");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(escaped(b"abcd", 3, ""), ("abc…".to_owned(), true));
        assert_eq!(escaped(b"abc", 3, ""), ("abc".to_owned(), false));
    }
}
