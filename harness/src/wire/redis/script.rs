//! Owns reading which commands a Lua script calls, and with what; what these commands touch is left to the store.
//!
//! A script says which keys it is given, but may touch others: `redis.call('INCR', 'tokens')`. So its text is read, and one
//! that is not understood to the last word is not understood at all.

/// One `redis.call` or `redis.pcall`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The command's name, in capitals.
    pub command: String,
    /// What follows it.
    pub arguments: Vec<Argument>,
}

/// One argument of a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// This text.
    Text(Vec<u8>),
    /// The key with this number, from 1.
    Key(usize),
    /// The further argument with this number, from 1.
    Value(usize),
    /// Something that is computed: one value, or any number of them.
    Computed,
}

/// All calls in the text of a script. `None` if there may be others.
///
/// ```
/// use raceproof::wire::redis::{Argument, calls};
/// let calls = calls(b"return redis.call('INCRBY', KEYS[1], 1 + 1)").expect("every call is plain");
/// assert_eq!(calls[0].arguments, [Argument::Key(1), Argument::Computed]);
/// ```
#[must_use]
pub fn calls(script: &[u8]) -> Option<Vec<Call>> {
    if script.starts_with(b"#!") && !script.starts_with(b"#!lua") {
        return None;
    }
    let tokens = tokens(script)?;
    let mut calls = Vec::new();
    let mut depth = 0_usize;
    // Statements may stand inside parentheses only in a function.
    let has_functions = tokens.contains(&Token::Name(b"function"));
    for (at, token) in tokens.iter().enumerate() {
        let behind = &tokens[at + 1..];
        match token {
            Token::Symbol(b'(' | b'{') => depth += 1,
            Token::Symbol(b')' | b'}') => depth = depth.checked_sub(1)?,
            Token::Name(b"redis") => calls.extend(member(behind)?),
            Token::Name(b"KEYS" | b"ARGV") => {
                let is_counted = at > 0 && tokens[at - 1] == Token::Symbol(b'#');
                if !is_counted && !is_read(behind, depth > 0 && !has_functions) {
                    return None;
                }
            }
            Token::Name(name) if EVASIVE.contains(name) => return None,
            _ => {}
        }
    }
    Some(calls)
}

/// Names by which a script may get at a call, or at what it was given, unseen.
const EVASIVE: &[&[u8]] = &[
    b"_G",
    b"_ENV",
    b"debug",
    b"dofile",
    b"getfenv",
    b"getmetatable",
    b"load",
    b"loadfile",
    b"loadstring",
    b"rawget",
    b"rawset",
    b"require",
    b"server",
    b"setfenv",
    b"setmetatable",
];

/// Members of `redis` that touch nothing.
const HARMLESS: &[&[u8]] = &[
    b"LOG_DEBUG",
    b"LOG_NOTICE",
    b"LOG_VERBOSE",
    b"LOG_WARNING",
    b"error_reply",
    b"log",
    b"replicate_commands",
    b"setresp",
    b"sha1hex",
    b"status_reply",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a [u8]),
    Number(&'a [u8]),
    /// `None` if it has an escape or is of the long form.
    Text(Option<&'a [u8]>),
    Symbol(u8),
}

/// The call that `redis` begins, if it is one; the outer `None` if it is nothing that is known.
fn member(behind: &[Token<'_>]) -> Option<Option<Call>> {
    match behind {
        [Token::Symbol(b'.'), Token::Name(b"call" | b"pcall"), Token::Symbol(b'('), inside @ ..] => {
            call(inside).map(Some)
        }
        [Token::Symbol(b'.'), Token::Name(name), ..] if HARMLESS.contains(name) => Some(None),
        _ => None,
    }
}

fn call(inside: &[Token<'_>]) -> Option<Call> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, token) in inside.iter().enumerate() {
        match token {
            Token::Symbol(b')') if depth == 0 => {
                parts.push(&inside[from..at]);
                let (first, others) = parts.split_first()?;
                let [Token::Text(Some(command))] = first else { return None };
                let command = String::from_utf8_lossy(command).to_ascii_uppercase();
                return Some(Call { command, arguments: others.iter().map(|part| argument(part)).collect() });
            }
            Token::Symbol(b'(' | b'{' | b'[') => depth += 1,
            Token::Symbol(b')' | b'}' | b']') => depth = depth.checked_sub(1)?,
            Token::Symbol(b',') if depth == 0 => {
                parts.push(&inside[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn argument(part: &[Token<'_>]) -> Argument {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    let argument = match part {
        [Token::Text(Some(text))] => Some(Argument::Text(text.to_vec())),
        [Token::Name(b"KEYS"), Token::Symbol(b'['), Token::Number(index), Token::Symbol(b']')] => {
            number(index).map(Argument::Key)
        }
        [Token::Name(b"ARGV"), Token::Symbol(b'['), Token::Number(index), Token::Symbol(b']')] => {
            number(index).map(Argument::Value)
        }
        _ => None,
    };
    argument.unwrap_or(Argument::Computed)
}

/// Whether an element is read, and not replaced: also not as one of several (`KEYS[1], x = …`), which is not possible
/// `in_expression`.
fn is_read(behind: &[Token<'_>], in_expression: bool) -> bool {
    if behind.first() != Some(&Token::Symbol(b'[')) {
        return false;
    }
    let mut open = 0_usize;
    let end = behind.iter().position(|token| {
        match token {
            Token::Symbol(b'[') => open += 1,
            Token::Symbol(b']') => open -= 1,
            _ => {}
        }
        open == 0
    });
    match end.map(|end| &behind[end + 1..]) {
        Some([Token::Symbol(b'='), Token::Symbol(b'='), ..]) => true,
        Some([Token::Symbol(b'='), ..]) | None => false,
        Some([Token::Symbol(b','), ..]) => in_expression,
        Some(_) => true,
    }
}

fn tokens(script: &[u8]) -> Option<Vec<Token<'_>>> {
    let mut rest = script;
    let mut tokens = Vec::new();
    while let Some(&first) = rest.first() {
        let (token, length) = match rest {
            [b'-', b'-', b'[', behind @ ..] if long_bracket(behind).is_some() => {
                (None, 3 + long_bracket(behind)?)
            }
            [b'-', b'-', ..] => (None, count(rest, |byte| byte != b'\n')),
            [b'[', behind @ ..] if long_bracket(behind).is_some() => {
                (Some(Token::Text(None)), 1 + long_bracket(behind)?)
            }
            [quote @ (b'\'' | b'"'), behind @ ..] => {
                let length = count(behind, |byte| byte != *quote && byte != b'\\');
                match behind.get(length)? {
                    b'\\' => (Some(Token::Text(None)), 2 + escaped(behind, *quote)?),
                    _ => (Some(Token::Text(Some(&behind[..length]))), length + 2),
                }
            }
            _ if first.is_ascii_digit() => {
                let length = count(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'.');
                (Some(Token::Number(&rest[..length])), length)
            }
            _ if first.is_ascii_alphabetic() || first == b'_' => {
                let length = count(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                (Some(Token::Name(&rest[..length])), length)
            }
            _ if first.is_ascii_whitespace() => (None, 1),
            _ => (Some(Token::Symbol(first)), 1),
        };
        tokens.extend(token);
        rest = rest.get(length..)?;
    }
    Some(tokens)
}

fn count(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !belongs(byte)).unwrap_or(bytes.len())
}

/// The length of a text with escapes, without its quotes.
fn escaped(inside: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        match inside.get(at)? {
            b'\\' => at += 2,
            byte if *byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// How long `[[…]]` or `[==[…]==]` is behind its first bracket; `None` if there is none.
fn long_bracket(behind: &[u8]) -> Option<usize> {
    let level = count(behind, |byte| byte == b'=');
    if behind.get(level) != Some(&b'[') {
        return None;
    }
    let close = [b"]".as_slice(), &behind[..level], b"]"].concat();
    let inside = &behind[level + 1..];
    let end = inside.windows(close.len()).position(|window| window == close)?;
    Some(level + 1 + end + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(script: &str) -> Option<Vec<String>> {
        let show = |argument: &Argument| match argument {
            Argument::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Argument::Key(number) => format!("K{number}"),
            Argument::Value(number) => format!("A{number}"),
            Argument::Computed => "?".to_owned(),
        };
        let told = |call: &Call| {
            let arguments: Vec<_> = call.arguments.iter().map(show).collect();
            format!("{} {}", call.command, arguments.join(" "))
        };
        Some(calls(script.as_bytes())?.iter().map(told).collect())
    }

    #[test]
    fn calls_are_found_wherever_they_stand() {
        let script = "
            -- redis.call(x)
            if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call(\"DEL\", KEYS[1]) end
            redis.pcall('SET', 'free key', redis.call('INCR', ARGV[2]), {1, 2}, a[1], 7) --[[ loadstring ]]
            return redis.status_reply('it\\'s redis')";
        let expected = ["GET K1", "DEL K1", "SET free key ? ? ? ?", "INCR A2"].map(str::to_owned).to_vec();
        assert_eq!(told(script), Some(expected));
        assert_eq!(told("return #KEYS + 1"), Some(Vec::new()));
    }

    #[test]
    fn scripts_that_could_hide_a_call_are_not_understood() {
        for script in [
            "local r = redis return r.call('GET', 'k')",
            "return redis['call']('GET', 'k')",
            "local c = redis.call return c('GET', 'k')",
            "return redis.call(ARGV[1], 'k')",
            "return redis.call(unpack(ARGV))",
            "return _G['redis'].call('GET', 'k')",
            "return server.call('GET', 'k')",
            "return loadstring(ARGV[1])()",
            "return redis.call('G\\x45T', 'k')",
            "return redis.call[[GET]]",
            "return redis.call('GET', 'k'",
            "#!js name=x\nredis.call('GET', 'k')",
        ] {
            assert_eq!(told(script), None, "{script}");
        }
    }

    /// What a key is called must be what the client has said.
    #[test]
    fn scripts_that_could_change_their_keys_are_not_understood() {
        for script in [
            "KEYS[1] = 'k' return redis.call('GET', KEYS[1])",
            "KEYS[1], KEYS[2] = 'k', 'l'",
            "local KEYS = {'k'}",
            "table.insert(KEYS, 1, 'k')",
            "ARGV[KEYS[1]] = 1",
            "f(function() KEYS[1], x = 'k', 1 end)",
        ] {
            assert_eq!(told(script), None, "{script}");
        }
        assert!(told("if KEYS[1] == 'k' then return {KEYS[1], ARGV[#ARGV]} end").is_some());
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        for script in ["'", "\"\\", "[[", "--[[", "[==[ ]=]", "redis", "redis.", "KEYS[", ")", "'\\"] {
            let _ = told(script);
        }
    }
}
