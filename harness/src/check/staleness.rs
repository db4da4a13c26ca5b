//! Owns [`Staleness`]: how far behind a read may be.

use std::collections::BTreeMap;

use super::versions::{Versioned, versioned};
use super::{Opinion, telling};
use crate::history::Operation;

/// How far behind a read may be: bounded staleness, for caches and replicas.
///
/// Judged on `read` and `write` (also `get`, `set` and `put`): the argument is the key, or begins with it; the result is the version that was read or
/// written (`nil` is 0). Other operations, and those that did not return a version, are ignored: a write that nobody has been told of
/// makes no read stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    /// A read may miss so many writes that were acknowledged before it was invoked. With 0 it must see the newest.
    Writes(usize),
    /// A read must see what was acknowledged longer ago than so many milliseconds. Needs times in the results, such as
    /// `3@1500`: of a write when it was acknowledged, of a read when it was invoked. Whoever gives none is ignored.
    Milliseconds(i64),
}

impl Staleness {
    /// Whether no read is further behind.
    #[must_use]
    pub fn judge(self, operations: &[Operation]) -> Opinion {
        let all = match versioned(operations) {
            Ok(all) => all,
            Err(misfit) => return Opinion::Undecided(misfit),
        };
        let mut writes: BTreeMap<&str, Vec<&Versioned<'_>>> = BTreeMap::new();
        for write in all.iter().filter(|versioned| versioned.is_write) {
            writes.entry(write.key).or_default().push(write);
        }
        for read in all.iter().filter(|versioned| !versioned.is_write) {
            let writes = writes.get(read.key).map(Vec::as_slice).unwrap_or_default();
            let missed: Vec<_> = writes.iter().filter(|write| self.misses(read, write)).collect();
            let allowed = if let Self::Writes(writes_max) = self { writes_max } else { 0 };
            if missed.len() > allowed {
                return Opinion::Broken(self.told(read, &missed));
            }
        }
        Opinion::Holds
    }

    /// Whether `read` is older than `write` although it should be newer.
    fn misses(self, read: &Versioned<'_>, write: &Versioned<'_>) -> bool {
        let is_before = match self {
            Self::Writes(_) => {
                write.operation.returned.is_some_and(|returned| returned < read.operation.invoked)
            }
            Self::Milliseconds(ms_max) => {
                read.at_ms.zip(write.at_ms).is_some_and(|(read, write)| read.saturating_sub(write) > ms_max)
            }
        };
        is_before && read.version < write.version
    }

    fn told(self, read: &Versioned<'_>, missed: &[&&Versioned<'_>]) -> String {
        let bound = match self {
            Self::Writes(0) => "must see every acknowledged write".to_owned(),
            Self::Writes(writes_max) => format!("may miss {writes_max} acknowledged writes"),
            Self::Milliseconds(ms_max) => {
                format!("must see what was acknowledged more than {ms_max} ms before")
            }
        };
        let missed: Vec<_> =
            missed.iter().map(|write| format!("\n  {}", telling::operation(write.operation))).collect();
        format!("{} {bound}, and misses:{}", telling::operation(read.operation), missed.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::sample::{ok, unknown};

    fn holds(staleness: Staleness, operations: &[Operation]) -> bool {
        staleness.judge(operations) == Opinion::Holds
    }

    #[test]
    fn read_may_miss_so_many_acknowledged_writes_and_no_more() {
        let history = |version| {
            [
                ok('A', "write k", "1", 0, 1),
                ok('A', "write k", "2", 2, 3),
                ok('A', "write k", "3", 4, 9),
                ok('A', "write l", "7", 10, 11),
                ok('B', "read k", version, 5, 6),
            ]
        };
        let misses = |version, bound| !holds(Staleness::Writes(bound), &history(version));
        // The third write was not acknowledged when the read began.
        assert!(!misses("3", 0) && !misses("2", 0) && misses("1", 0) && !misses("1", 1) && misses("nil", 1));
    }

    #[test]
    fn read_must_see_what_was_acknowledged_long_ago() {
        let history = |version| [ok('A', "write k", "1@100", 0, 1), ok('B', "read k", version, 2, 3)];
        let bound = Staleness::Milliseconds(50);
        assert!(holds(bound, &history("0@150")) && !holds(bound, &history("0@151")));
        assert!(holds(bound, &history("1@999")) && holds(bound, &history("0")));
    }

    #[test]
    fn write_that_nobody_was_told_of_makes_no_read_stale() {
        let history = [unknown('A', "write k", 0), ok('B', "read k", "nil", 2, 3)];
        assert!(holds(Staleness::Writes(0), &history));
        let history = [ok('A', "write k", "1", 0, 1), ok('B', "read k", "nil", 2, 3)];
        let told =
            "B read k → nil [2, 3] must see every acknowledged write, and misses:\n  A write k → 1 [0, 1]";
        assert_eq!(Staleness::Writes(0).judge(&history), Opinion::Broken(told.to_owned()));
    }
}
