//! Owns commands as they are written for `redis-cli`, which obeys some words itself instead of sending them.

/// Words that `redis-cli` takes for its own, and commands after which a connection can no longer be asked for anything
/// else.
const OBEYED: [&str; 8] = ["QUIT", "EXIT", "CONNECT", "CLEAR", "HELP", "?", "RESTART", "DEBUG"];
const ENDLESS: [&str; 7] = ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "RESET"];

/// The line that sends this command.
///
/// # Errors
/// Why `redis-cli` might do something else with it.
pub(super) fn line(command: &str) -> Result<String, &'static str> {
    let word = command.split(' ').next().unwrap_or_default().trim_matches('"').to_ascii_uppercase();
    if !command.chars().all(|character| matches!(character, ' '..='~') || character.is_alphanumeric()) {
        return Err("holds characters that cannot be seen");
    }
    if word.is_empty()
        || word.starts_with(':')
        || word.starts_with(|first: char| first.is_ascii_digit() || first == '-')
    {
        return Err("is a command that redis-cli reads in its own way");
    }
    if OBEYED.contains(&word.as_str()) {
        return Err("is a command that redis-cli obeys itself");
    }
    let second = command.split(' ').nth(1).unwrap_or_default();
    if ENDLESS.contains(&word.as_str()) || (word == "CLIENT" && !second.eq_ignore_ascii_case("SETNAME")) {
        return Err("listens for what the store says, which redis-cli cannot do beside other commands");
    }
    Ok(format!("{command}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sent_as_they_are() {
        assert_eq!(line("SET a \"1 \\x00\"").as_deref(), Ok("SET a \"1 \\x00\"\n"));
    }

    #[test]
    fn what_redis_cli_would_obey_is_refused() {
        for command in [
            "connect evil 6379",
            "\"QUIT\"",
            "5 INCR a",
            "\"5\" INCR a",
            ":set hints",
            "SUBSCRIBE a",
            "",
            "GET a\nQUIT",
            "-1 A",
            "CLIENT TRACKING on",
        ] {
            assert!(line(command).is_err(), "{command}");
        }
    }
}
