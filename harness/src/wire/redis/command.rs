//! Owns the table of what each Redis command means for the gate; what follows from it is left to `session`.
//!
//! A command that is not in the table is an ordinary step: it may read or write data, and its answer is
//! one message.

// Longer than 400 lines because a table is read in one piece.

use super::arguments::Arguments;
use super::owed::Kind;
use crate::wire::Wait;
use Meaning::{
    Blocks, BlocksIfAsked, CopyKey, Discard, Exec, Family, Hello, MoveKey, Multi, Pass, Refused, Reset,
    Select, ServerWide, Setting, Step, StoresCode, Subscribe, Tracking, Unless, Unsubscribe, Unwatch, Watch,
};

/// What a command means for the gate, outside of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Concerns nobody else and leaves nothing behind.
    Pass,
    /// Concerns nobody else, but leaves a setting on the connection.
    Setting,
    /// May read or write what others see.
    Step,
    /// A step that may wait for somebody else's, for as long as an argument says.
    Blocks(Limit),
    /// A step that may wait if it has the option `BLOCK`.
    BlocksIfAsked,
    /// A step that leaves a script or a function on the server.
    StoresCode,
    /// A step that changes the server outside the connection's database; `.0` if that is allowed.
    ServerWide(&'static Meaning),
    /// Breaks an assumption of the gate; `.0` continues the sentence that the command's name begins.
    Refused(&'static str),
    /// `otherwise` if the argument at `at` is `word`, else refused with the `reason`.
    Unless {
        at: usize,
        word: &'static str,
        reason: &'static str,
        otherwise: &'static Meaning,
    },
    /// The second argument decides; `otherwise` if it is not in the table.
    Family {
        members: Table,
        otherwise: &'static Meaning,
    },
    Hello,
    Select,
    Tracking,
    Reset,
    Multi,
    Exec,
    Discard,
    Watch,
    Unwatch,
    Subscribe(Kind),
    Unsubscribe(Kind),
    /// `COPY`, which may name another database.
    CopyKey,
    /// `MOVE`, which always does.
    MoveKey,
}

/// Which argument says how long a request may wait; zero is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The first one, in seconds.
    FirstSeconds,
    /// The last one, in seconds.
    LastSeconds,
    /// The last one, in milliseconds.
    LastMs,
}

impl Limit {
    /// How long `request` may wait. What is no number the server refuses at once.
    pub(super) fn wait(self, request: &Arguments<'_>) -> Wait {
        let mut arguments = request.clone().skip(1);
        let (argument, ms_each) = match self {
            Self::FirstSeconds => (arguments.next(), 1_000.0),
            Self::LastSeconds => (arguments.last(), 1_000.0),
            Self::LastMs => (arguments.last(), 1.0),
        };
        wait(argument.as_deref(), ms_each)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a limit saturates, and is above 0"
)]
fn wait(limit: Option<&[u8]>, ms_each: f64) -> Wait {
    let number: Option<f64> = limit.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    match number {
        Some(number) if number > 0.0 => Wait::AtMostMs((number * ms_each).ceil() as u64),
        _ => Wait::Forever,
    }
}

/// Rows sorted by name, in capitals.
pub(super) type Table = &'static [(&'static str, Meaning)];

const REPLICATION: &str = "is for replicas, whose stream is not made of requests and replies";
const DIES: &str = "would end the store; let the scheduler do that with a fault";
const SILENCES: &str = "makes the server skip replies, so the gate could not tell when a step is over";

/// Every command that is not simply a step.
const COMMANDS: Table = &[
    ("ACL", Family { members: ACL, otherwise: &Step }),
    ("ASKING", Setting),
    ("AUTH", Setting),
    ("BLMOVE", Blocks(Limit::LastSeconds)),
    ("BLMPOP", Blocks(Limit::FirstSeconds)),
    ("BLPOP", Blocks(Limit::LastSeconds)),
    ("BRPOP", Blocks(Limit::LastSeconds)),
    ("BRPOPLPUSH", Blocks(Limit::LastSeconds)),
    ("BZMPOP", Blocks(Limit::FirstSeconds)),
    ("BZPOPMAX", Blocks(Limit::LastSeconds)),
    ("BZPOPMIN", Blocks(Limit::LastSeconds)),
    ("CLIENT", Family { members: CLIENT, otherwise: &Step }),
    ("CLUSTER", Family { members: CLUSTER, otherwise: &ServerWide(&Step) }),
    ("COMMAND", Pass),
    ("CONFIG", Family { members: CONFIG, otherwise: &Step }),
    ("COPY", CopyKey),
    ("DEBUG", Family { members: DEBUG, otherwise: &ServerWide(&Step) }),
    ("DISCARD", Discard),
    ("ECHO", Pass),
    ("EVAL", StoresCode),
    ("EVALSHA", StoresCode),
    ("EVALSHA_RO", StoresCode),
    ("EVAL_RO", StoresCode),
    ("EXEC", Exec),
    ("FAILOVER", Refused("hands the store's role to another server; let the scheduler do that with a fault")),
    ("FLUSHALL", ServerWide(&Step)),
    ("FUNCTION", Family { members: FUNCTION, otherwise: &Step }),
    ("HELLO", Hello),
    ("HOST:", Refused("is HTTP, at which the server closes the connection without an answer")),
    ("MIGRATE", ServerWide(&Step)),
    ("MODULE", Family { members: MODULE, otherwise: &ServerWide(&Step) }),
    ("MONITOR", Refused("streams everybody's commands in an order that the gate does not make")),
    ("MOVE", MoveKey),
    ("MULTI", Multi),
    ("PING", Pass),
    ("POST", Refused("is HTTP, at which the server closes the connection without an answer")),
    ("PSUBSCRIBE", Subscribe(Kind::Pattern)),
    ("PSYNC", Refused(REPLICATION)),
    ("PUNSUBSCRIBE", Unsubscribe(Kind::Pattern)),
    ("QUIT", Pass),
    ("READONLY", Setting),
    ("READWRITE", Pass),
    ("REPLCONF", Refused(REPLICATION)),
    ("REPLICAOF", ServerWide(REPLICA_OF)),
    ("RESET", Reset),
    ("SCRIPT", Family { members: SCRIPT, otherwise: &Step }),
    ("SELECT", Select),
    ("SHUTDOWN", Refused(DIES)),
    ("SLAVEOF", ServerWide(REPLICA_OF)),
    ("SSUBSCRIBE", Subscribe(Kind::Shard)),
    ("SUBSCRIBE", Subscribe(Kind::Channel)),
    ("SUNSUBSCRIBE", Unsubscribe(Kind::Shard)),
    ("SWAPDB", ServerWide(&Step)),
    ("SYNC", Refused(REPLICATION)),
    ("UNSUBSCRIBE", Unsubscribe(Kind::Channel)),
    ("UNWATCH", Unwatch),
    ("WAIT", Blocks(Limit::LastMs)),
    ("WAITAOF", Blocks(Limit::LastMs)),
    ("WATCH", Watch),
    ("XREAD", BlocksIfAsked),
    ("XREADGROUP", BlocksIfAsked),
];

const ACL: Table = &[
    ("DELUSER", ServerWide(&Step)),
    ("LOAD", ServerWide(&Step)),
    ("SAVE", ServerWide(&Step)),
    ("SETUSER", ServerWide(&Step)),
];

/// Those that concern only the own connection; `LIST`, `KILL`, `PAUSE`, `UNBLOCK` … are steps.
const CLIENT: Table = &[
    ("CACHING", Setting),
    ("CAPA", Setting),
    ("GETNAME", Pass),
    ("GETREDIR", Pass),
    ("HELP", Pass),
    ("ID", Pass),
    ("INFO", Pass),
    ("NO-EVICT", Setting),
    ("NO-TOUCH", Setting),
    ("REPLY", Unless { at: 2, word: "ON", reason: SILENCES, otherwise: &Pass }),
    // The name of a client library is seen by `CLIENT LIST` alone, and not even `RESET` clears it.
    ("SETINFO", Pass),
    ("SETNAME", Setting),
    ("TRACKING", Tracking),
    ("TRACKINGINFO", Pass),
];

/// Those that change nothing.
const CLUSTER: Table = &[
    ("COUNT-FAILURE-REPORTS", Step),
    ("COUNTKEYSINSLOT", Step),
    ("GETKEYSINSLOT", Step),
    ("HELP", Step),
    ("INFO", Step),
    ("KEYSLOT", Step),
    ("LINKS", Step),
    ("MYID", Step),
    ("MYSHARDID", Step),
    ("NODES", Step),
    ("REPLICAS", Step),
    ("SHARDS", Step),
    ("SLAVES", Step),
    ("SLOTS", Step),
];

const CONFIG: Table =
    &[("RESETSTAT", ServerWide(&Step)), ("REWRITE", ServerWide(&Step)), ("SET", ServerWide(&Step))];

/// Those after which there is no server, or another one; `SLEEP` only takes its time.
const DEBUG: Table = &[
    ("ASSERT", Refused(DIES)),
    ("CRASH-AND-RECOVER", Refused(DIES)),
    ("HELP", Step),
    ("OOM", Refused(DIES)),
    ("PANIC", Refused(DIES)),
    ("RESTART", Refused(DIES)),
    ("SEGFAULT", Refused(DIES)),
];

const FUNCTION: Table = &[
    ("DELETE", ServerWide(&Step)),
    ("FLUSH", ServerWide(&Step)),
    ("LOAD", StoresCode),
    ("RESTORE", ServerWide(&StoresCode)),
];

const MODULE: Table = &[("HELP", Step), ("LIST", Step)];

const SCRIPT: Table = &[
    (
        "DEBUG",
        Unless {
            at: 2,
            word: "NO",
            reason: "makes the next script a dialogue, which is not made of requests and replies",
            otherwise: &Step,
        },
    ),
    ("LOAD", StoresCode),
];

const REPLICA_OF: &Meaning = &Unless {
    at: 1,
    word: "NO",
    reason: "lets another server write to the store without passing the gate",
    otherwise: &Step,
};

/// Longest subcommand that a reason repeats, in bytes.
const SUBCOMMAND_BYTES_MAX: usize = 24;

/// The meaning of a request, families and options resolved.
pub(super) fn meaning(request: &Arguments<'_>) -> Meaning {
    let mut arguments = request.clone();
    let found = look_up(COMMANDS, arguments.next().as_deref()).unwrap_or(Step);
    let found = match found {
        Family { members, otherwise } => look_up(members, arguments.next().as_deref()).unwrap_or(*otherwise),
        other => other,
    };
    match found {
        Unless { at, word, otherwise, .. } if has_word(request, at, word) => *otherwise,
        // Whoever may do what is server-wide still has to obey the condition inside.
        ServerWide(Unless { at, word, otherwise, .. }) if has_word(request, *at, word) => {
            ServerWide(otherwise)
        }
        other => other,
    }
}

/// The name of the command as the table has it, with its subcommand where that decides.
pub(super) fn name(request: &Arguments<'_>) -> String {
    let mut arguments = request.clone();
    let first = arguments.next().unwrap_or_default();
    let mut name = String::from_utf8_lossy(&first).to_ascii_uppercase();
    if let Some(Family { .. }) = look_up(COMMANDS, Some(&first)) {
        let second = arguments.next().unwrap_or_default();
        name.push(' ');
        name.push_str(
            &second[..second.len().min(SUBCOMMAND_BYTES_MAX)].escape_ascii().to_string().to_uppercase(),
        );
    }
    name
}

/// How long a reading command may wait: only if it has the option `BLOCK`, before the keys, where options end.
pub(super) fn asked_wait(request: &Arguments<'_>) -> Wait {
    let mut arguments = request.clone().skip(1);
    while let Some(word) = arguments.next() {
        if word.eq_ignore_ascii_case(b"BLOCK") {
            return wait(arguments.next().as_deref(), 1.0);
        }
        // What belongs to another option is no option, whatever it is called.
        let belonging = match word {
            _ if word.eq_ignore_ascii_case(b"STREAMS") => return Wait::Never,
            _ if word.eq_ignore_ascii_case(b"GROUP") => 2,
            _ if word.eq_ignore_ascii_case(b"COUNT") => 1,
            _ => 0,
        };
        for _ in 0..belonging {
            arguments.next();
        }
    }
    Wait::Never
}

fn has_word(request: &Arguments<'_>, at: usize, word: &str) -> bool {
    request.clone().nth(at).is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
}

/// Compares byte by byte, since almost always the first one or two decide.
fn look_up(table: Table, name: Option<&[u8]>) -> Option<Meaning> {
    let capitals = name?.iter().map(u8::to_ascii_uppercase);
    let row = table.binary_search_by(|(candidate, _)| candidate.bytes().cmp(capitals.clone())).ok()?;
    Some(table[row].1)
}

#[cfg(test)]
mod tests {
    use super::super::encode::command;
    use super::*;

    fn of(line: &str) -> Meaning {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        meaning(&Arguments::of(&command(&words)))
    }

    fn check(table: Table) {
        assert!(table.is_sorted_by(|left, right| left.0 < right.0), "not sorted: {table:?}");
        for (name, meaning) in table {
            assert!(name.len() <= SUBCOMMAND_BYTES_MAX && *name == name.to_uppercase(), "{name}");
            if let Family { members, .. } = meaning {
                check(members);
            }
        }
    }

    #[test]
    fn every_table_is_sorted_and_in_capitals() {
        check(COMMANDS);
    }

    #[test]
    fn a_command_is_found_however_it_is_capitalised() {
        assert_eq!(of("blpop k 0"), Blocks(Limit::LastSeconds));
        assert_eq!(of("Client getNAME"), Pass);
        assert_eq!(of("BLPOPX k"), Step);
        assert_eq!(of("A-NAME-THAT-IS-LONGER-THAN-ANY-IN-THE-TABLE"), Step);
    }

    #[test]
    fn a_subcommand_decides_and_an_unknown_one_is_a_step() {
        assert_eq!(of("CLIENT SETNAME x"), Setting);
        for line in [
            "CLIENT LIST",
            "CLIENT KILL ID 1",
            "CLIENT PAUSE 1",
            "CLIENT UNPAUSE",
            "CLIENT UNBLOCK 1",
            "CLIENT",
        ] {
            assert_eq!(of(line), Step, "{line}");
        }
        assert_eq!(of("SCRIPT LOAD x"), StoresCode);
        assert_eq!(of("SCRIPT EXISTS x"), Step);
        assert_eq!(of("DEBUG SLEEP 0"), ServerWide(&Step));
        assert!(matches!(of("DEBUG SEGFAULT"), Refused(_)));
    }

    #[test]
    fn a_word_can_lift_a_refusal() {
        assert_eq!(of("CLIENT REPLY on"), Pass);
        assert!(matches!(of("CLIENT REPLY OFF"), Unless { .. }));
        assert_eq!(of("REPLICAOF no one"), ServerWide(&Step));
        assert!(matches!(of("REPLICAOF host 6379"), ServerWide(Unless { .. })));
        assert_eq!(of("SCRIPT DEBUG no"), Step);
        assert!(matches!(of("SCRIPT DEBUG YES"), Unless { .. }));
    }

    #[test]
    fn block_is_an_option_only_where_options_are() {
        let asks = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            asked_wait(&Arguments::of(&command(&words)))
        };
        assert_eq!(asks("XREAD COUNT 1 block 0 STREAMS s $"), Wait::Forever);
        assert_eq!(asks("XREADGROUP GROUP g c NOACK BLOCK 20 STREAMS s >"), Wait::AtMostMs(20));
        assert_eq!(asks("XREADGROUP GROUP block block STREAMS s >"), Wait::Never);
        assert_eq!(asks("XREAD STREAMS block $"), Wait::Never);
        assert_eq!(asks("XREAD COUNT 1 STREAMS s 0"), Wait::Never);
    }

    #[test]
    fn limit_of_a_wait_is_read_where_each_command_has_it() {
        let wait = |limit: Limit, line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            limit.wait(&Arguments::of(&command(&words)))
        };
        assert_eq!(wait(Limit::LastSeconds, "BLPOP 9 8 1.5"), Wait::AtMostMs(1_500));
        assert_eq!(wait(Limit::LastSeconds, "BLPOP 9 0"), Wait::Forever);
        assert_eq!(wait(Limit::FirstSeconds, "BLMPOP 2 1 k LEFT"), Wait::AtMostMs(2_000));
        assert_eq!(wait(Limit::LastMs, "WAIT 1 250"), Wait::AtMostMs(250));
        assert_eq!(wait(Limit::LastMs, "WAIT 1 nonsense"), Wait::Forever);
        assert_eq!(wait(Limit::LastSeconds, "BLPOP k 1e300"), Wait::AtMostMs(u64::MAX));
    }
}
