//! Owns the writing of commands: exact enough to paste into a shell, without the passwords in them.

/// The words of a command as one line that a POSIX shell reads back as the same words.
///
/// ```
/// let words = ["raceproof", "replay", "my records/a.json"].map(str::to_owned);
/// assert_eq!(raceproof_reports::command::shell_line(&words), "raceproof replay 'my records/a.json'");
/// ```
#[must_use]
pub fn shell_line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// `words` with `***` in place of every password in a URL.
#[must_use]
pub fn without_passwords(words: &[String]) -> Vec<String> {
    words.iter().map(|word| without_password(word)).collect()
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// `scheme://user:password@host` anywhere in the word, so `--redis-url=…` is covered; a password in the
/// query is covered too, as PostgreSQL's clients take it there.
fn without_password(word: &str) -> String {
    let Some((before, rest)) = word.split_once("://") else { return word.to_owned() };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold an unescaped `/` or `@`, so what ends it is the last `@` of all, if any.
    let credentials_end = rest.rfind('@').filter(|at| *at < authority_end || rest[..*at].contains(':'));
    let (credentials, place) = match credentials_end {
        Some(at) => rest.split_at(at),
        None => ("", rest),
    };
    let credentials = match credentials.split_once(':') {
        Some((user, _)) => format!("{user}:***"),
        None => credentials.to_owned(),
    };
    format!("{before}://{credentials}{}", without_query_password(place))
}

fn without_query_password(place: &str) -> String {
    let Some((before, query)) = place.split_once('?') else { return place.to_owned() };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if key.eq_ignore_ascii_case("password") => format!("{key}=***"),
        _ => pair.to_owned(),
    });
    format!("{before}?{}", shown.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quotes, blanks, variables and globs would all be read differently if they were bare.
    #[test]
    fn words_that_a_shell_would_change_are_quoted() {
        let words = ["a b", "it's", "$HOME", "*", "", "plain-1.0/x"].map(str::to_owned);
        assert_eq!(shell_line(&words), r"'a b' 'it'\''s' '$HOME' '*' '' plain-1.0/x");
    }

    #[test]
    fn passwords_are_left_out_wherever_a_url_holds_one() {
        let shown = |word: &str| without_password(word);
        assert_eq!(shown("redis://u:secret@h:6379/0"), "redis://u:***@h:6379/0");
        assert_eq!(shown("--redis-url=redis://:secret@h"), "--redis-url=redis://:***@h");
        assert_eq!(shown("postgres://u:a/b@c@h/db"), "postgres://u:***@h/db");
        assert_eq!(shown("postgres://h/db?user=u&password=s&x=1"), "postgres://h/db?user=u&password=***&x=1");
        assert_eq!(shown("postgres://user@h/db"), "postgres://user@h/db");
        assert_eq!(shown("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
        assert_eq!(shown("counter/get-set"), "counter/get-set");
    }
}
