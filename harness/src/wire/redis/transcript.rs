//! Owns requests as they can be typed into `redis-cli`, in full. How they look to people is `show`'s.

use super::arguments::Arguments;
use crate::wire::escape::push_escaped;
use crate::wire::limits::TYPED_BYTES_MAX;

/// The request on one line of printable characters that `redis-cli` reads as the same arguments. `None` if it is none, is
/// too long, or holds a password.
pub(super) fn request(request: &[u8]) -> Option<Vec<String>> {
    let mut line = String::new();
    for (position, word) in Arguments::of(request).enumerate() {
        let has_password = word.eq_ignore_ascii_case(b"AUTH") && (position == 0 || begins_with_hello(&line));
        if has_password || line.len() + word.len() > TYPED_BYTES_MAX {
            return None;
        }
        if position > 0 {
            line.push(' ');
        }
        push_word(&mut line, &word);
    }
    (!line.is_empty()).then(|| vec![line])
}

/// The word as it is if nothing in it means anything to `redis-cli`, else in double quotes.
fn push_word(line: &mut String, word: &[u8]) {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let quote = if !word.is_empty() && word.iter().all(is_plain) { "" } else { "\"" };
    line.push_str(quote);
    let is_cut = push_escaped(line, word, word.len(), "\"\\");
    assert!(!is_cut, "no text has more characters than bytes");
    line.push_str(quote);
}

fn begins_with_hello(line: &str) -> bool {
    line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("HELLO "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::redis::command;

    fn typed(words: &[&[u8]]) -> Option<String> {
        request(&command(words)).map(|lines| lines.concat())
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        let typed = |words: &[&[u8]]| typed(words).expect("it can be typed");
        assert_eq!(typed(&[b"SET", b"counter", b"1"]), "SET counter 1");
        assert_eq!(typed(&[b"SET", b"a b", b""]), r#"SET "a b" """#);
        assert_eq!(typed(&[b"SET", b"a\"\\\n", b"\xff\x00"]), r#"SET "a\"\\\n" "\xff\x00""#);
        assert_eq!(typed(&[b"GET", "\u{202e}é".as_bytes()]), "GET \"\\xe2\\x80\\xaeé\"");
    }

    #[test]
    fn passwords_and_what_is_too_long_are_not_typed() {
        assert_eq!(typed(&[b"AUTH", b"secret"]), None);
        assert_eq!(typed(&[b"hello", b"3", b"auth", b"default", b"secret"]), None);
        assert_eq!(typed(&[b"SET", b"k", &vec![b'x'; TYPED_BYTES_MAX]]), None);
        assert_eq!(typed(&[]), None);
    }

    proptest! {
        /// `redis-cli` splits a line by the same rules by which a server reads it.
        #[test]
        fn line_is_read_as_the_same_words(
            words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..6)
        ) {
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            prop_assume!(!words[0].eq_ignore_ascii_case(b"AUTH"));
            let line = typed(&words).expect("it is short") + "\r\n";
            prop_assert!(!line.trim_end().chars().any(char::is_control));
            let read: Vec<Vec<u8>> = Arguments::of(line.as_bytes()).map(std::borrow::Cow::into_owned).collect();
            prop_assert_eq!(read, words);
        }
    }
}
