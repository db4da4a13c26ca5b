//! Owns the reading of Rust sources as far as the rules need it: what is comment, what is string, what is imported.

/// What is blanked before a rule looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    Comments,
    CommentsAndStrings,
}

/// `text` with comments (and the insides of strings) replaced by blanks; lines and columns stay.
pub(crate) fn blanked(text: &str, without: Without) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let (end, is_kept) = token(&characters, at, without);
        for character in &characters[at..end] {
            out.push(if is_kept || *character == '\n' { *character } else { ' ' });
        }
        at = end;
    }
    out
}

/// The names that directly follow `root::` in code without comments and strings, each with its line (from 1); of a
/// group `root::{a, b::c}` its first names.
pub(crate) fn named_after(code: &str, root: &str) -> Vec<(usize, String)> {
    let start = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let is_whole = !code[..at].ends_with(|before: char| is_word(before) || before == ':');
        let (line, rest) = (line_of(code, at), &code[at + start.len()..]);
        if is_whole {
            let names = if rest.starts_with('{') { group(rest) } else { vec![word(rest)] };
            found.extend(names.into_iter().filter(|name| !name.is_empty()).map(|name| (line, name)));
        }
    }
    found
}

/// Whether `word` stands in `code` as a word of its own; gives the line (from 1) of each place.
pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let is_whole = |at: &usize| {
        let after = &code[at + word.len()..];
        !code[..*at].ends_with(is_word) && !after.starts_with(is_word)
    };
    code.match_indices(word).map(|(at, _)| at).filter(is_whole).map(|at| line_of(code, at)).collect()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| is_word(*character)).collect()
}

/// The first name of each path in a braced group.
fn group(text: &str) -> Vec<String> {
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for character in text.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
        if depth == 0 || (depth == 1 && character == ',') {
            parts.push(std::mem::take(&mut part));
        } else if !(depth == 1 && character == '{') {
            part.push(character);
        }
        if depth == 0 {
            break;
        }
    }
    parts.iter().map(|part| word(part.trim_start())).collect()
}

/// Where the token that begins at `at` ends, and whether it is kept.
fn token(text: &[char], at: usize, without: Without) -> (usize, bool) {
    let strings = without == Without::Comments;
    let starts = |pattern: &str| pattern.chars().eq(text[at..].iter().copied().take(pattern.len()));
    if starts("//") {
        return (position(text, at, "\n").unwrap_or(text.len()), false);
    }
    if starts("/*") {
        return (comment_end(text, at), false);
    }
    let follows_word = at > 0 && is_word(text[at - 1]);
    if !follows_word && (text[at] == 'r' || starts("br")) {
        let hashes_at = at + if text[at] == 'b' { 2 } else { 1 };
        let hashes = text[hashes_at..].iter().take_while(|character| **character == '#').count();
        if text.get(hashes_at + hashes) == Some(&'"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let inside = hashes_at + hashes + 1;
            return (position(text, inside, &close).map_or(text.len(), |end| end + close.len()), strings);
        }
    }
    match text[at] {
        '"' => (string_end(text, at), strings),
        '\'' => (character_end(text, at), true),
        _ => (at + 1, true),
    }
}

fn position(text: &[char], from: usize, pattern: &str) -> Option<usize> {
    let pattern: Vec<char> = pattern.chars().collect();
    (from..text.len()).find(|at| text[*at..].starts_with(&pattern))
}

/// Block comments nest.
fn comment_end(text: &[char], at: usize) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < text.len() {
        match text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(text: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The end of a character, or just behind the quote of a lifetime.
fn character_end(text: &[char], at: usize) -> usize {
    match text[at + 1..] {
        ['\\', ..] => position(text, at + 3, "'").map_or(text.len(), |end| end + 1),
        [_, '\'', ..] => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        blanked(text, Without::CommentsAndStrings)
    }

    /// One of each kind of token that could hide or fake another.
    #[test]
    fn comments_and_strings_are_blanked_and_code_is_not() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(code(r#"a("b \" // c") d"#), "a(           ) d");
        assert_eq!(code("x(r#\"a \" b\"#) y"), "x(          ) y");
        assert_eq!(code("'\"' + a<'b>('\\'')"), "'\"' + a<'b>('\\'')");
        assert_eq!(blanked("f(\"a\") // b", Without::Comments), "f(\"a\")     ");
    }

    #[test]
    fn imports_are_found_alone_and_in_groups() {
        let names =
            |text: &str| named_after(text, "crate").into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("use crate::a::b; f(crate::c)"), ["a", "c"]);
        assert_eq!(names("use crate::{a::{b, c}, d as e,\n f::*};"), ["a", "d", "f"]);
        assert!(names("use my_crate::a; use x::crate::b;").is_empty());
        assert_eq!(named_after("\n\ncrate::a", "crate"), [(3, "a".to_owned())]);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(lines_with("async\nasyncs\n_async async", "async"), [1, 3]);
    }
}
