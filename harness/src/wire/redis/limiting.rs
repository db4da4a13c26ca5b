//! Owns what each Redis command may do to times to live.

use super::arguments::Arguments;
use crate::wire::Limiting;

/// Commands that write nothing (sorted, in capitals); `EXEC` does nothing beyond what was queued for it.
const READS: &[&str] = &[
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "CLIENT",
    "COMMAND",
    "CONFIG",
    "DBSIZE",
    "DISCARD",
    "DUMP",
    "ECHO",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXEC",
    "EXISTS",
    "EXPIRETIME",
    "FCALL_RO",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HELLO",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "INFO",
    "KEYS",
    "LASTSAVE",
    "LCS",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MEMORY",
    "MGET",
    "MULTI",
    "OBJECT",
    "PEXPIRETIME",
    "PFCOUNT",
    "PING",
    "PSUBSCRIBE",
    "PTTL",
    "PUBLISH",
    "PUBSUB",
    "PUNSUBSCRIBE",
    "RANDOMKEY",
    "SCAN",
    "SCARD",
    "SCRIPT",
    "SDIFF",
    "SELECT",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SPUBLISH",
    "SRANDMEMBER",
    "SSCAN",
    "SSUBSCRIBE",
    "STRLEN",
    "SUBSCRIBE",
    "SUBSTR",
    "SUNION",
    "SUNSUBSCRIBE",
    "TIME",
    "TTL",
    "TYPE",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WAIT",
    "WAITAOF",
    "WATCH",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

/// Commands that may set a time to live (sorted, in capitals), among them those that run code whose commands are not
/// seen here.
const SETS: &[&str] = &[
    "DEBUG",
    "EVAL",
    "EVALSHA",
    "EXPIRE",
    "EXPIREAT",
    "FCALL",
    "GETEX",
    "HEXPIRE",
    "HEXPIREAT",
    "HGETEX",
    "HPEXPIRE",
    "HPEXPIREAT",
    "HSETEX",
    "PEXPIRE",
    "PEXPIREAT",
    "PSETEX",
    "RESTORE",
    "RESTORE-ASKING",
    "SETEX",
];

/// Options with which `SET` does.
const OPTIONS: [&str; 4] = ["EX", "PX", "EXAT", "PXAT"];

/// Fewest digits of a number that may be a moment (seconds since 1970, or smaller units).
const MOMENT_DIGITS_MIN: usize = 10;

/// What a request may do to times to live, and to moments that are kept as values. What is in no table is taken to write:
/// it may delete a key that has one.
pub(super) fn of(request: &Arguments<'_>) -> Limiting {
    let mut arguments = request.clone();
    let Some(name) = arguments.next() else { return Limiting::Nothing };
    let is_option = |word: &[u8]| OPTIONS.iter().any(|option| word.eq_ignore_ascii_case(option.as_bytes()));
    match () {
        () if has(READS, &name) => Limiting::Nothing,
        () if has(SETS, &name) => Limiting::Sets,
        () if name.eq_ignore_ascii_case(b"SET") && arguments.skip(2).any(|word| is_option(&word)) => {
            Limiting::Sets
        }
        () if request.clone().skip(2).any(|word| may_be_moment(&word)) => Limiting::Sets,
        () => Limiting::Moves,
    }
}

fn may_be_moment(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits >= MOMENT_DIGITS_MIN && word[digits..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

fn has(table: &[&str], name: &[u8]) -> bool {
    let capitals = name.iter().map(u8::to_ascii_uppercase);
    table.binary_search_by(|candidate| candidate.bytes().cmp(capitals.clone())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::encode::command;
    use super::*;

    fn limiting(line: &str) -> Limiting {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        of(&Arguments::of(&command(&words)))
    }

    #[test]
    fn tables_are_sorted_and_share_nothing() {
        assert!(READS.is_sorted() && SETS.is_sorted());
        assert!(SETS.iter().all(|name| !READS.contains(name)));
    }

    #[test]
    fn set_sets_a_limit_only_with_an_option_for_it() {
        assert_eq!(limiting("SET key value"), Limiting::Moves);
        assert_eq!(limiting("SET ex px NX"), Limiting::Moves);
        assert_eq!(limiting("set key value nx px 100"), Limiting::Sets);
    }

    #[test]
    fn moment_as_a_value_is_a_limit() {
        assert_eq!(limiting("SETNX lock 1893456010.5"), Limiting::Sets);
        assert_eq!(limiting("GETSET lock 1893456010500"), Limiting::Sets);
        assert_eq!(limiting("SETNX 1893456010 1"), Limiting::Moves);
        assert_eq!(limiting("SETNX lock 1893456010-token"), Limiting::Moves);
    }

    #[test]
    fn reads_do_nothing_and_what_is_unknown_may_delete() {
        assert_eq!(limiting("get key"), Limiting::Nothing);
        assert_eq!(limiting("PEXPIRE key 1"), Limiting::Sets);
        for writes in ["DEL key", "INCR key", "NEW-COMMAND key"] {
            assert_eq!(limiting(writes), Limiting::Moves, "{writes}");
        }
    }
}
