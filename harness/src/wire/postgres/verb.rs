//! Owns the word that a unit of requests is counted under.

use super::errors::executed;
use super::frame::Messages;
use super::sql::{Token, Tokens};
use super::statements::Statements;

/// The first word of the first statement that is executed; nothing if none is, or its text is not known.
pub(super) fn of<'a>(request: &'a [u8], context: Option<&'a Statements>) -> &'a [u8] {
    let simple = Messages::of(request).find(|message| message.tag == b'Q').map(|message| message.body);
    let sql = simple.or_else(|| executed(context?).next()).unwrap_or_default();
    let word = |token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    };
    Tokens::of(sql).find_map(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments and brackets lead to the word and are none; a unit that executes nothing has none.
    #[test]
    fn first_word_of_a_query_is_found() {
        for (sql, word) in [("select 1", "select"), ("/* a */ (SELECT 1)", "SELECT"), ("", ""), (";", "")] {
            let mut query = vec![b'Q'];
            query.extend_from_slice(&(4 + sql.len() as i32 + 1).to_be_bytes());
            query.extend_from_slice(sql.as_bytes());
            query.push(0);
            assert_eq!(of(&query, None), word.as_bytes(), "{sql}");
        }
        assert_eq!(of(b"S\0\0\0\x04", None), b"");
    }
}
