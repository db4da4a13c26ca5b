//! Tests of [`Tokens`].

use super::*;
use proptest::prelude::*;

fn words(sql: &str) -> Vec<String> {
    let words = Tokens::of(sql.as_bytes()).filter_map(|token| match token {
        Token::Word(word) => Some(String::from_utf8_lossy(word).into_owned()),
        _ => None,
    });
    words.collect()
}

#[test]
fn comments_texts_and_quoted_names_have_no_words() {
    assert_eq!(words("SELECT -- a\n b /* c /* d */ e */ f"), ["SELECT", "b", "f"]);
    assert_eq!(words("a 'b''c' d E'e\\'f' g 'h\\' i"), ["a", "d", "g", "i"]);
    assert_eq!(words("a \"b\"\"c\" d U&\"e\" f U&'g' h B'1' x'f' i"), ["a", "d", "f", "h", "i"]);
    assert_eq!(words("a $$b $c$ d$$ e $tag$ f $$ g $tag$ h"), ["a", "e", "h"]);
    assert_eq!(words("a $1 b$2 c 12e5 d_1"), ["a", "b$2", "c", "d_1"]);
    assert_eq!(words("wörter e f"), ["wörter", "e", "f"]);
}

#[test]
fn what_is_not_closed_goes_to_the_end() {
    for open in ["a 'b", "a /* b /* */", "a \"b", "a $x$ b", "a -- b", "a E'b\\"] {
        assert_eq!(words(open), ["a"], "{open}");
    }
}

#[test]
fn raw_words_are_found_everywhere() {
    let found: Vec<Token<'_>> = raw_words(b"DO $$ drop;--x").collect();
    assert_eq!(found, [Token::Word(b"DO"), Token::Word(b"drop"), Token::Word(b"x")]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(sql in "([a-z$'\"*/\\-\\\\; \\n]|\\$a\\$|U&'|é){0,60}") {
        let mut tokens = Tokens::of(sql.as_bytes());
        let mut before = tokens.rest.len() + 1;
        while tokens.next().is_some() {
            prop_assert!(tokens.rest.len() < before);
            before = tokens.rest.len();
        }
        prop_assert!(tokens.rest.is_empty());
    }
}
