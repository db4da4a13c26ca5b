//! Owns which answers say that a Redis command has changed nothing.

use super::arguments::Arguments;
use super::limiting;
use crate::wire::Limiting;

/// Commands that are no steps on data, or that change what other connections see or hear although they write no key.
const OTHERS: &[&str] =
    &["CLIENT", "CONFIG", "EXEC", "MEMORY", "MULTI", "PSUBSCRIBE", "SCRIPT", "SSUBSCRIBE", "SUBSCRIBE"];

/// Commands that publish; the answer says how many have heard it.
const PUBLISH: &[&str] = &["PUBLISH", "SPUBLISH"];

/// Commands whose answer 0 says that they found nothing to change.
const COUNTS: &[&str] = &[
    "COPY",
    "DEL",
    "EXPIRE",
    "EXPIREAT",
    "HDEL",
    "HSETNX",
    "LINSERT",
    "LPUSHX",
    "LREM",
    "MOVE",
    "MSETNX",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "RENAMENX",
    "RPUSHX",
    "SADD",
    "SETNX",
    "SMOVE",
    "SREM",
    "UNLINK",
    "XACK",
    "XDEL",
    "ZREM",
];

/// Commands whose empty answer says so.
const TAKES: &[&str] = &[
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "EXEC",
    "GETDEL",
    "LMOVE",
    "LMPOP",
    "LPOP",
    "RPOP",
    "RPOPLPUSH",
    "SPOP",
    "XREADGROUP",
    "ZMPOP",
    "ZPOPMAX",
    "ZPOPMIN",
];

/// Whether the data is as it was before `request`, as its `reply` tells. `false` if in doubt, and always for scripts.
pub(crate) fn is_told(request: &Arguments<'_>, reply: &[u8]) -> bool {
    let mut words = request.clone();
    let Some(name) = words.next() else { return true };
    let is = |table: &[&str]| table.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes()));
    let is_zero = reply == b":0\r\n";
    let is_empty = matches!(reply, b"$-1\r\n" | b"*-1\r\n" | b"_\r\n" | b"*0\r\n");
    let keeps = |word: &[u8]| word.eq_ignore_ascii_case(b"GET");
    match () {
        () if is(PUBLISH) || is(COUNTS) => is_zero,
        () if is(TAKES) => is_empty,
        // With `GET` the answer is the old value, whether or not it was replaced.
        () if name.eq_ignore_ascii_case(b"SET") => is_empty && !words.skip(2).any(|word| keeps(&word)),
        () if is(OTHERS) => false,
        () => limiting::of(request) == Limiting::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::command;
    use super::*;

    fn unchanged(line: &str, reply: &str) -> bool {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        is_told(&Arguments::of(&command(&words)), format!("{reply}\r\n").as_bytes())
    }

    #[test]
    fn reads_change_nothing_whatever_they_find() {
        assert!(
            unchanged("GET k", "$1\r\nx")
                && unchanged("ttl k", ":5")
                && unchanged("XREAD STREAMS s 0", "*-1")
        );
    }

    #[test]
    fn lock_that_was_not_taken_changes_nothing() {
        assert!(unchanged("SETNX lock a", ":0") && !unchanged("SETNX lock a", ":1"));
        assert!(unchanged("SET lock a NX PX 100", "$-1") && !unchanged("SET lock a NX PX 100", "+OK"));
        assert!(!unchanged("SET lock a NX GET", "$-1"), "nothing was there, so it was taken");
    }

    #[test]
    fn what_counts_or_runs_code_may_change_something() {
        for (request, reply) in [
            ("INCR n", ":0"),
            ("EVAL x 0", ":0"),
            ("SET k v", "+OK"),
            ("PUBLISH c m", ":1"),
            ("SUBSCRIBE c", "*0"),
        ] {
            assert!(!unchanged(request, reply), "{request}");
        }
        assert!(unchanged("PUBLISH c m", ":0") && unchanged("BLPOP q 1", "*-1") && unchanged("EXEC", "*-1"));
    }
}
