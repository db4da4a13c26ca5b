//! Owns SQL as it is written for `psql`, which reads more into a text than the server does: back-slash commands, variables,
//! the ends of statements.

use super::is_printable;

/// One text for the server as `psql` sends it in one piece, with a semicolon at its end.
///
/// # Errors
/// Why `psql` might do something else with it than to send it as it is.
pub(super) fn statement(sql: &str) -> Result<String, &'static str> {
    if !is_printable(sql) {
        return Err("holds characters that cannot be seen");
    }
    let (mut text, mut rest, mut is_copy) = (String::new(), sql.trim_end(), false);
    while let Some(first) = rest.chars().next() {
        let length = match rest.as_bytes() {
            [b'\'', ..] => quoted(rest, text.ends_with(['e', 'E']) && !ends_in_longer_word(&text))?,
            [b'"', ..] => closed(rest, "\"", 1)?,
            [b'-', b'-', ..] => rest.find('\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => return Err("holds a comment that may hide something"),
            [b'$', ..] if !text.ends_with(is_of_word) => dollar_quoted(rest)?,
            [b'\\', ..] => return Err("holds a back-slash, which psql would obey"),
            [b':', b':' | b'=', ..] => 2,
            [b':', next, ..] if next.is_ascii_alphabetic() || b"_'\"{".contains(next) => {
                return Err("holds what psql would take for a variable");
            }
            [b';', behind @ ..] => {
                // One piece for the server: what ends a statement must not end it for psql.
                if !behind.is_empty() {
                    text.push('\\');
                }
                1
            }
            _ if is_of_word(first) => {
                let word = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
                is_copy |= rest[..word].eq_ignore_ascii_case("copy");
                word
            }
            _ => first.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    if is_copy {
        return Err("copies data, which psql would read from what follows");
    }
    if text.lines().last().is_some_and(|line| line.contains("--")) {
        text.push('\n');
    }
    if !text.ends_with(';') || text.ends_with("\\;") {
        text.push(';');
    }
    Ok(text + "\n")
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// Whether a text ends in a word of more than one letter.
fn ends_in_longer_word(text: &str) -> bool {
    text.chars().rev().nth(1).is_some_and(is_of_word)
}

/// The length of a text in quotes; `escapes` if back-slashes escape in it.
fn quoted(text: &str, escapes: bool) -> Result<usize, &'static str> {
    let (bytes, mut at, mut slashes) = (text.as_bytes(), 1, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 1,
            b'\\' => slashes += 1,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') && slashes % 2 == 0 => at += 1,
            // With other settings it would not end here.
            b'\'' if slashes % 2 == 1 => return Err("holds a back-slash before a quote"),
            b'\'' => return Ok(at + 1),
            _ => {}
        }
        if bytes.get(at) != Some(&b'\\') || escapes {
            slashes = 0;
        }
        at += 1;
    }
    Err("holds a quote that does not end")
}

/// The length of a text up to its next `end`, which is looked for from `from` on.
fn closed(text: &str, end: &str, from: usize) -> Result<usize, &'static str> {
    let found = text.get(from..).and_then(|rest| rest.find(end));
    found.map(|at| from + at + end.len()).ok_or("holds a quote that does not end")
}

/// The length of a text in `$tag$`, or of the dollar alone.
fn dollar_quoted(text: &str) -> Result<usize, &'static str> {
    let Some(end) = text[1..].find('$') else { return Ok(1) };
    let tag = &text[..end + 2];
    let is_tag = !tag[1..].starts_with(|first: char| first.is_ascii_digit())
        && tag[1..=end].chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if is_tag { closed(text, tag, tag.len()) } else { Ok(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_sent_in_one_piece() {
        for (sql, expected) in [
            ("SELECT 1", "SELECT 1;\n"),
            ("SELECT 1;", "SELECT 1;\n"),
            ("BEGIN; SELECT ';' -- ;\n; COMMIT", "BEGIN\\; SELECT ';' -- ;\n\\; COMMIT;\n"),
            ("SELECT 1 -- all", "SELECT 1 -- all\n;\n"),
            (
                "SELECT $a$ ; \\! id $a$, a::int, b[1:2], 'it''s', E'\\'; \\\\', \"a;b\"",
                "SELECT $a$ ; \\! id $a$, a::int, b[1:2], 'it''s', E'\\'; \\\\', \"a;b\";\n",
            ),
            ("SELECT '\\d+' ~ $1", "SELECT '\\d+' ~ $1;\n"),
        ] {
            assert_eq!(statement(sql).as_deref(), Ok(expected));
        }
    }

    /// Each of these would make `psql` do something else than to send the text: run a command, read a file, go on.
    #[test]
    fn what_psql_would_obey_is_refused() {
        for sql in [
            "SELECT 1 \\! touch /tmp/owned",
            "SELECT 1; \\i /etc/passwd",
            "SELECT '\\' \\! id '",
            "SELECT '\\\\\\' \\! id '",
            "SELECT :USER",
            "SELECT :'HOST'",
            "COPY t FROM STDIN",
            "SELECT 'open",
            "SELECT $a$ open",
            "SELECT /* \\! */ 1",
            "SELECT '\u{1b}[201~'",
            "SELECT 1 -- \u{202e}",
            "SELECT namee'\\' \\! id'",
        ] {
            assert!(statement(sql).is_err(), "{sql}");
        }
    }
}
