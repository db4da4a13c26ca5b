//! Owns the reading of a Redis command as one types it: words with blanks between them, quotes around what has blanks.

use super::template::{Template, Values};

/// A command; each word may have values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command(Vec<Template>);

impl Command {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words = split(text)?;
        if words.is_empty() {
            return Err("there is no command".to_owned());
        }
        Ok(Self(words.iter().map(|word| Template::parse(word)).collect::<Result<_, _>>()?))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Template::names)
    }

    /// The words with `values` in them.
    pub(super) fn fill(&self, values: &Values) -> Result<Vec<String>, String> {
        self.0.iter().map(|word| word.plain(values)).collect()
    }
}

/// As `redis-cli` reads it, as far as text needs: in double quotes `\"`, `\\` and `\n` stand for one character, in single ones
/// nothing does. A brace keeps its blanks, so that `{stock + 1}` is one word.
fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut characters) = (Vec::new(), text.chars().peekable());
    while let Some(&next) = characters.peek() {
        if next.is_whitespace() {
            characters.next();
            continue;
        }
        let (mut word, mut quote) = (String::new(), None);
        while let Some(character) = characters.next_if(|next| quote.is_some() || !next.is_whitespace()) {
            match (quote, character) {
                (None, '"' | '\'') => quote = Some(character),
                (None, '{') => {
                    word.push('{');
                    quote = Some('}');
                }
                (Some('}'), '}') => {
                    word.push('}');
                    quote = None;
                }
                (Some('"'), '\\') => match characters.next() {
                    Some('n') => word.push('\n'),
                    Some(escaped) => word.push(escaped),
                    None => return Err("the text ends after `\\`".to_owned()),
                },
                (Some(open), character) if open == character => quote = None,
                _ => word.push(character),
            }
        }
        match quote {
            Some('}') | None => words.push(word),
            Some(open) => return Err(format!("a {open} is not closed")),
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_braces_keep_blanks() {
        let words = |text| split(text).expect("readable");
        assert_eq!(words("SET stock 1"), ["SET", "stock", "1"]);
        assert_eq!(
            words(" EVAL \"return redis.call('GET', KEYS[1])\" 1 k "),
            ["EVAL", "return redis.call('GET', KEYS[1])", "1", "k"]
        );
        assert_eq!(words("SET a 'x \"y\" z' {stock + 1}"), ["SET", "a", "x \"y\" z", "{stock + 1}"]);
        assert_eq!(words(r#"SET a "x\"y\n""#), ["SET", "a", "x\"y\n"]);
    }

    #[test]
    fn quote_without_end_is_refused() {
        assert!(split("SET a 'x").is_err() && split("SET a \"x").is_err() && Command::parse(" ").is_err());
    }
}
