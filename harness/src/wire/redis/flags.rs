//! Owns the table of what a Redis server says about its commands in `COMMAND`: which of them it refuses in which plight.
//!
//! It is that of Redis 7.0; a test compares it with the server's own.

// Longer than 400 lines because a table is read in one piece.

use super::arguments::Arguments;

/// What the server says about one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the server's own flags, each for itself")]
pub struct Flags {
    /// `write`: a replica refuses it.
    pub writes: bool,
    /// `denyoom`: a server without memory refuses it.
    pub grows: bool,
    /// `loading`: a server answers it while it loads its data.
    pub answered_loading: bool,
    /// `allow_busy`: a server answers it while a script runs.
    pub answered_busy: bool,
}

impl Flags {
    /// The flags of a command by its name, in capitals and with its subcommand if it has some: `GET`, `XGROUP|CREATE`. One
    /// that is not known is taken for a reading one.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let has = |table: &[&str]| table.binary_search(&name).is_ok();
        let grows = has(GROWS);
        Self {
            writes: grows || has(WRITES),
            grows,
            answered_loading: has(ANSWERED_LOADING),
            answered_busy: has(ANSWERED_BUSY),
        }
    }

    pub(super) fn of_request(request: &[u8]) -> Self {
        Self::of(&name(request))
    }
}

/// The name of a request's command, as the server has it.
pub(crate) fn name(request: &[u8]) -> String {
    let mut arguments = Arguments::of(request);
    let mut word = || arguments.next().map(|word| String::from_utf8_lossy(&word).to_ascii_uppercase());
    let first = word().unwrap_or_default();
    match word() {
        Some(second) if FAMILIES.contains(&first.as_str()) => format!("{first}|{second}"),
        _ => first,
    }
}

/// Commands that are made of subcommands.
const FAMILIES: &[&str] = &[
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT",
    "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO",
];

/// Those that write and may need memory.
const GROWS: &[&str] = &[
    "APPEND",
    "BITFIELD",
    "BITOP",
    "BLMOVE",
    "BRPOPLPUSH",
    "COPY",
    "DECR",
    "DECRBY",
    "FUNCTION|LOAD",
    "FUNCTION|RESTORE",
    "GEOADD",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "GEOSEARCHSTORE",
    "GETSET",
    "HINCRBY",
    "HINCRBYFLOAT",
    "HMSET",
    "HSET",
    "HSETNX",
    "INCR",
    "INCRBY",
    "INCRBYFLOAT",
    "LINSERT",
    "LMOVE",
    "LPUSH",
    "LPUSHX",
    "LSET",
    "MSET",
    "MSETNX",
    "PFADD",
    "PFDEBUG",
    "PFMERGE",
    "PSETEX",
    "RESTORE",
    "RESTORE-ASKING",
    "RPOPLPUSH",
    "RPUSH",
    "RPUSHX",
    "SADD",
    "SDIFFSTORE",
    "SET",
    "SETBIT",
    "SETEX",
    "SETNX",
    "SETRANGE",
    "SINTERSTORE",
    "SORT",
    "SUNIONSTORE",
    "XADD",
    "XGROUP|CREATE",
    "XGROUP|CREATECONSUMER",
    "XSETID",
    "ZADD",
    "ZDIFFSTORE",
    "ZINCRBY",
    "ZINTERSTORE",
    "ZRANGESTORE",
    "ZUNIONSTORE",
];

/// Those that write and need none.
const WRITES: &[&str] = &[
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "DEL",
    "EXPIRE",
    "EXPIREAT",
    "FLUSHALL",
    "FLUSHDB",
    "FUNCTION|DELETE",
    "FUNCTION|FLUSH",
    "GETDEL",
    "GETEX",
    "HDEL",
    "LMPOP",
    "LPOP",
    "LREM",
    "LTRIM",
    "MIGRATE",
    "MOVE",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "RENAME",
    "RENAMENX",
    "RPOP",
    "SMOVE",
    "SPOP",
    "SREM",
    "SWAPDB",
    "UNLINK",
    "XACK",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XGROUP|DELCONSUMER",
    "XGROUP|DESTROY",
    "XGROUP|SETID",
    "XREADGROUP",
    "XTRIM",
    "ZMPOP",
    "ZPOPMAX",
    "ZPOPMIN",
    "ZREM",
    "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
];

/// Those that are answered while the server loads its data.
const ANSWERED_LOADING: &[&str] = &[
    "ACL|CAT",
    "ACL|DELUSER",
    "ACL|DRYRUN",
    "ACL|GENPASS",
    "ACL|GETUSER",
    "ACL|HELP",
    "ACL|LIST",
    "ACL|LOAD",
    "ACL|LOG",
    "ACL|SAVE",
    "ACL|SETUSER",
    "ACL|USERS",
    "ACL|WHOAMI",
    "AUTH",
    "CLIENT|CACHING",
    "CLIENT|GETNAME",
    "CLIENT|GETREDIR",
    "CLIENT|HELP",
    "CLIENT|ID",
    "CLIENT|INFO",
    "CLIENT|KILL",
    "CLIENT|LIST",
    "CLIENT|NO-EVICT",
    "CLIENT|PAUSE",
    "CLIENT|REPLY",
    "CLIENT|SETNAME",
    "CLIENT|TRACKING",
    "CLIENT|TRACKINGINFO",
    "CLIENT|UNBLOCK",
    "CLIENT|UNPAUSE",
    "CLUSTER|HELP",
    "COMMAND",
    "COMMAND|COUNT",
    "COMMAND|DOCS",
    "COMMAND|GETKEYS",
    "COMMAND|GETKEYSANDFLAGS",
    "COMMAND|HELP",
    "COMMAND|INFO",
    "COMMAND|LIST",
    "CONFIG|GET",
    "CONFIG|HELP",
    "CONFIG|RESETSTAT",
    "CONFIG|REWRITE",
    "CONFIG|SET",
    "DEBUG",
    "DISCARD",
    "ECHO",
    "EXEC",
    "FUNCTION|HELP",
    "HELLO",
    "INFO",
    "LASTSAVE",
    "LATENCY|DOCTOR",
    "LATENCY|GRAPH",
    "LATENCY|HELP",
    "LATENCY|HISTOGRAM",
    "LATENCY|HISTORY",
    "LATENCY|LATEST",
    "LATENCY|RESET",
    "MEMORY|HELP",
    "MODULE|HELP",
    "MONITOR",
    "MULTI",
    "OBJECT|HELP",
    "PSUBSCRIBE",
    "PUBLISH",
    "PUBSUB|CHANNELS",
    "PUBSUB|HELP",
    "PUBSUB|NUMPAT",
    "PUBSUB|NUMSUB",
    "PUBSUB|SHARDCHANNELS",
    "PUBSUB|SHARDNUMSUB",
    "PUNSUBSCRIBE",
    "QUIT",
    "READONLY",
    "READWRITE",
    "REPLCONF",
    "RESET",
    "ROLE",
    "SCRIPT|HELP",
    "SELECT",
    "SHUTDOWN",
    "SLOWLOG|GET",
    "SLOWLOG|HELP",
    "SLOWLOG|LEN",
    "SLOWLOG|RESET",
    "SPUBLISH",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "TIME",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
    "XGROUP|HELP",
    "XINFO|HELP",
];

/// Those that are answered while a script runs.
const ANSWERED_BUSY: &[&str] = &[
    "AUTH",
    "DISCARD",
    "FUNCTION|KILL",
    "FUNCTION|STATS",
    "HELLO",
    "MULTI",
    "QUIT",
    "REPLCONF",
    "RESET",
    "SCRIPT|KILL",
    "SHUTDOWN",
    "UNWATCH",
    "WATCH",
];

#[cfg(test)]
mod tests {
    use super::super::encode::command;
    use super::*;

    #[test]
    fn every_table_is_sorted() {
        for table in [FAMILIES, GROWS, WRITES, ANSWERED_LOADING, ANSWERED_BUSY] {
            assert!(table.is_sorted_by(|left, right| left < right), "{table:?}");
        }
    }

    #[test]
    fn name_has_the_subcommand_where_there_is_one() {
        assert_eq!(name(&command(&[b"xgroup", b"Create", b"s", b"g", b"$"])), "XGROUP|CREATE");
        assert_eq!(name(&command(&[b"get", b"k"])), "GET");
        assert_eq!(name(b""), "");
    }
}
