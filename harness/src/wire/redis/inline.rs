//! Owns requests that a person types: words on one line, with Redis' rules of quoting (`sdssplitargs`).

use super::refusal::malformed;
use crate::wire::WireError;
use std::borrow::Cow;

/// Longest line that Redis reads as a request, in bytes.
pub(super) const INLINE_BYTES_MAX: usize = 64 << 10;

/// How many words the line has.
///
/// # Errors
/// If a quote is not closed or is followed by more of a word, which Redis refuses too, or for a zero
/// byte, behind which Redis would never see the end of the line.
pub(super) fn words(line: &[u8]) -> Result<usize, WireError> {
    if line.contains(&0) {
        return Err(malformed("an inline request has a zero byte"));
    }
    let (mut rest, mut count) = (line, 0);
    while let Some(word) = next_word(&mut rest) {
        word.ok_or_else(|| malformed("an inline request has unbalanced quotes"))?;
        count += 1;
    }
    Ok(count)
}

/// Takes the next word off `rest`; `Some(None)` if its quotes are wrong, and then nothing is left.
pub(super) fn next_word<'a>(rest: &mut &'a [u8]) -> Option<Option<Cow<'a, [u8]>>> {
    let start = rest.iter().position(|&byte| !is_space(byte))?;
    let text = &rest[start..];
    let end = text.iter().position(|&byte| is_space(byte)).unwrap_or(text.len());
    if !text[..end].iter().any(|byte| matches!(byte, b'"' | b'\'')) {
        *rest = &text[end..];
        return Some(Some(Cow::Borrowed(&text[..end])));
    }
    let mut word = Vec::new();
    let Some(end) = unquote(text, &mut word) else {
        *rest = &[];
        return Some(None);
    };
    *rest = &text[end..];
    Some(Some(Cow::Owned(word)))
}

/// Reads a word with quotes in it; gives the place behind it.
fn unquote(text: &[u8], word: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = text.get(at).filter(|&&byte| !is_space(byte)) {
        at = match byte {
            b'"' => double_quoted(text, at + 1, word)?,
            b'\'' => single_quoted(text, at + 1, word)?,
            _ => {
                word.push(byte);
                at + 1
            }
        };
        // A closing quote ends the word: Redis wants a space behind it.
        if matches!(byte, b'"' | b'\'') && text.get(at).is_some_and(|&byte| !is_space(byte)) {
            return None;
        }
    }
    Some(at)
}

fn double_quoted(text: &[u8], mut at: usize, word: &mut Vec<u8>) -> Option<usize> {
    loop {
        let (byte, length) = match &text[at..] {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), 4)
            }
            [b'\\', escaped, ..] => (unescaped(*escaped), 2),
            [byte, ..] => (*byte, 1),
            [] => return None,
        };
        word.push(byte);
        at += length;
    }
}

fn single_quoted(text: &[u8], mut at: usize, word: &mut Vec<u8>) -> Option<usize> {
    loop {
        let (byte, length) = match &text[at..] {
            [b'\'', ..] => return Some(at + 1),
            [b'\\', b'\'', ..] => (b'\'', 2),
            [byte, ..] => (*byte, 1),
            [] => return None,
        };
        word.push(byte);
        at += length;
    }
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// What C's `isspace` calls a space.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
        let (mut rest, mut all) = (line, Vec::new());
        while let Some(word) = next_word(&mut rest) {
            all.push(word?.into_owned());
        }
        Some(all)
    }

    #[test]
    fn words_are_split_and_unquoted_as_redis_does() {
        // The cases of Redis' own test of `sdssplitargs`, and its escapes.
        let cases: [(&str, &[&[u8]]); 7] = [
            ("Testing one two three", &[b"Testing", b"one", b"two", b"three"]),
            ("", &[]),
            (" \t\r", &[]),
            (
                r#""Testing split strings" 'Another split string'"#,
                &[b"Testing split strings", b"Another split string"],
            ),
            (r#"SET k "\x01\xfF\n\"\q""#, &[b"SET", b"k", b"\x01\xff\n\"q"]),
            (r"SET k 'it\'s \n'", &[b"SET", b"k", b"it's \\n"]),
            (r#"SET "" ''"#, &[b"SET", b"", b""]),
        ];
        for (line, words) in cases {
            let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
            assert_eq!(split(line.as_bytes()), Some(words), "{line:?}");
        }
    }

    #[test]
    fn wrong_quotes_and_zero_bytes_are_refused() {
        for line in [r#""open"#, r"'open", r#""a"b"#, r"'a'b", r#"SET k "a\"#, r#"a"b"c"#, "PING\0x"] {
            assert!(words(line.as_bytes()).is_err(), "{line:?}");
        }
        assert_eq!(words(br#"SET k "a b""#), Ok(3));
    }
}
