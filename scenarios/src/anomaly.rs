//! Owns the names of the anomalies that broken variants show.

/// One of two writes that were computed from the same value is gone.
pub(crate) const LOST_UPDATE: &str = "lost update";
/// What was looked at is no longer true when it is acted upon.
pub(crate) const CHECK_THEN_ACT: &str = "time of check to time of use";
/// Two transactions read the same rows, write different ones, and break together what each kept.
pub(crate) const WRITE_SKEW: &str = "write skew";
/// Write skew over rows that did not exist when they were looked for (G2).
pub(crate) const PHANTOM: &str = "phantom";
/// A transaction sees one row before and another row after somebody else's transaction (G-single).
pub(crate) const READ_SKEW: &str = "read skew";
/// Two reads with a condition see two states of the table (PMP).
pub(crate) const PREDICATE_MANY_PRECEDERS: &str = "predicate-many-preceders";
/// Somebody acts upon a value that is then taken back (G1a).
pub(crate) const ABORTED_READ: &str = "aborted read";
/// Each waits for what the other has locked.
pub(crate) const DEADLOCK: &str = "deadlock";
/// Two statements look for the same row, and both insert it.
pub(crate) const RACE_INSIDE_INSERT: &str = "duplicate reservation (race inside one statement)";
/// Two believe at the same time that they hold the lock.
pub(crate) const TWO_HOLDERS: &str = "mutual exclusion violated";
/// A lock that nobody holds any more cannot be taken.
pub(crate) const STRANDED_LOCK: &str = "stranded lock (held for ever)";
/// Somebody gives back a lock that somebody else holds.
pub(crate) const FOREIGN_RELEASE: &str = "release by a stranger";
/// What somebody waits for has happened before the wait began.
pub(crate) const LOST_WAKE_UP: &str = "lost wake-up";
/// Two holders of a lock, one after the other, get the same fencing token.
pub(crate) const REPEATED_TOKEN: &str = "repeated fencing token";
/// A lock is counted out before its holder has given it back as often as taken.
pub(crate) const LOST_REENTRANCY: &str = "re-entrancy count lost";
/// Each has one of a pool and waits for another one.
pub(crate) const POOL_STARVATION: &str = "pool starvation (hold and wait)";
/// A cache keeps a value that the database has replaced.
pub(crate) const STALE_ENTRY: &str = "stale cache entry";
/// Somebody is served a value that had been replaced before they asked.
pub(crate) const STALE_READ: &str = "stale read";
/// A value was replaced, and what should have told the cache is gone.
pub(crate) const LOST_INVALIDATION: &str = "lost invalidation";
/// Several do the same expensive work, since nobody finds the result of another.
pub(crate) const STAMPEDE: &str = "cache stampede";
/// What was acknowledged is gone.
pub(crate) const LOST_WRITE: &str = "acknowledged write lost";
/// Two things share one key, and one is taken for the other.
pub(crate) const KEY_COLLISION: &str = "key collision";
/// Somebody is given what they may not have.
pub(crate) const BROKEN_ACCESS: &str = "broken access control";
/// What was to take effect once took effect again.
pub(crate) const DUPLICATE_EFFECT: &str = "duplicate effect";
/// A counter that should end with its window has no end.
pub(crate) const ENDLESS_COUNTER: &str = "counter without an end (refused for ever)";
/// What is done while a store is gone goes on when it is back.
pub(crate) const STUCK_FALLBACK: &str = "stuck fallback (outage never over)";
/// What somebody took on is neither done nor to be found any more.
pub(crate) const LOST_MESSAGE: &str = "lost message";
/// Of two stores that were to be written together, one was not.
pub(crate) const DUAL_WRITE: &str = "dual write";
/// Somebody has agreed to whatever is decided, and is never told.
pub(crate) const IN_DOUBT: &str = "in-doubt transaction";
/// Something has been taken up or marked as done, and will never be done.
pub(crate) const LOST_EFFECT: &str = "lost effect (taken up, never done)";
/// A secret that works once works again.
pub(crate) const ALIVE_AFTER_USE: &str = "token alive after use";
/// Two things bear the same id.
pub(crate) const REPEATED_ID: &str = "repeated id";
/// A late write brings back what somebody else has ended.
pub(crate) const RESURRECTION: &str = "resurrection by a late write";
/// One half of what is stored is of one update, the other half of another.
pub(crate) const MIXED_UPDATES: &str = "mixed updates (halves of two writes)";
/// A filter says of a member that it is none.
pub(crate) const FALSE_NEGATIVE: &str = "false negative";

/// Every name above.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[
    LOST_UPDATE,
    CHECK_THEN_ACT,
    WRITE_SKEW,
    PHANTOM,
    READ_SKEW,
    PREDICATE_MANY_PRECEDERS,
    ABORTED_READ,
    DEADLOCK,
    RACE_INSIDE_INSERT,
    TWO_HOLDERS,
    STRANDED_LOCK,
    FOREIGN_RELEASE,
    LOST_WAKE_UP,
    REPEATED_TOKEN,
    LOST_REENTRANCY,
    POOL_STARVATION,
    STALE_ENTRY,
    STALE_READ,
    LOST_INVALIDATION,
    STAMPEDE,
    LOST_WRITE,
    KEY_COLLISION,
    BROKEN_ACCESS,
    DUPLICATE_EFFECT,
    ENDLESS_COUNTER,
    STUCK_FALLBACK,
    LOST_MESSAGE,
    DUAL_WRITE,
    IN_DOUBT,
    LOST_EFFECT,
    ALIVE_AFTER_USE,
    REPEATED_ID,
    RESURRECTION,
    MIXED_UPDATES,
    FALSE_NEGATIVE,
];
