//! Owns [`Guarantee`]: what each worker may expect of the versions that it reads and writes itself.

use std::collections::BTreeMap;
use std::fmt;

use super::versions::{Versioned, versioned};
use super::{Opinion, telling};
use crate::history::Operation;
use crate::id::WorkerId;

/// One of the four session guarantees of Terry and others ("Session guarantees for weakly consistent replicated data", 1994). A session is
/// a worker; each key is looked at for itself.
///
/// They are judged on `read` and `write` (also `get`, `set` and `put`): the argument is the key, or begins with it; the result is the version
/// that was read or written, a whole number that grows with each write (`nil` is 0). Other operations, and those that did not
/// return one, are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// A read returns no older version than the worker itself has written before.
    ReadYourWrites,
    /// A read returns no older version than the worker has read before.
    MonotonicReads,
    /// A write makes a newer version than the worker has written before.
    MonotonicWrites,
    /// A write makes a newer version than the worker has read before.
    WritesFollowReads,
}

impl Guarantee {
    /// All four.
    pub const ALL: [Self; 4] =
        [Self::ReadYourWrites, Self::MonotonicReads, Self::MonotonicWrites, Self::WritesFollowReads];

    /// Whether every session of `operations` has this guarantee.
    #[must_use]
    pub fn judge(self, operations: &[Operation]) -> Opinion {
        let all = match versioned(operations) {
            Ok(all) => all,
            Err(misfit) => return Opinion::Undecided(misfit),
        };
        // The newest version that each worker has met of each key, in the way that counts.
        let mut newest: BTreeMap<(WorkerId, &str), Versioned<'_>> = BTreeMap::new();
        for later in all {
            let place = (later.operation.worker, later.key);
            if let Some(earlier) = newest.get(&place)
                && self.is_broken(earlier.version, &later)
            {
                let told = [earlier, &later].map(|versioned| telling::operation(versioned.operation));
                return Opinion::Broken(format!("{self} is broken:\n  {}\n  {}", told[0], told[1]));
            }
            let met_by_writing = matches!(self, Self::ReadYourWrites | Self::MonotonicWrites);
            if later.is_write == met_by_writing
                && newest.get(&place).is_none_or(|newest| newest.version < later.version)
            {
                newest.insert(place, later);
            }
        }
        Opinion::Holds
    }

    fn is_broken(self, met: i64, later: &Versioned<'_>) -> bool {
        match self {
            Self::ReadYourWrites | Self::MonotonicReads => !later.is_write && later.version < met,
            Self::MonotonicWrites | Self::WritesFollowReads => later.is_write && later.version <= met,
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReadYourWrites => "read your writes",
            Self::MonotonicReads => "monotonic reads",
            Self::MonotonicWrites => "monotonic writes",
            Self::WritesFollowReads => "writes follow reads",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::check::sample::{ok, refused, unknown};

    /// Which of the four hold.
    fn held(operations: &[Operation]) -> Vec<Guarantee> {
        Guarantee::ALL.into_iter().filter(|one| one.judge(operations) == Opinion::Holds).collect()
    }

    fn all_but(broken: Guarantee) -> Vec<Guarantee> {
        Guarantee::ALL.into_iter().filter(|one| *one != broken).collect()
    }

    #[test]
    fn each_guarantee_is_broken_by_its_own_pair() {
        let pair = |first, first_version, second, second_version| {
            held(&[ok('A', first, first_version, 0, 1), ok('A', second, second_version, 2, 3)])
        };
        assert_eq!(pair("write k", "2", "read k", "1"), all_but(Guarantee::ReadYourWrites));
        assert_eq!(pair("read k", "2", "read k", "1"), all_but(Guarantee::MonotonicReads));
        assert_eq!(pair("write k", "2", "write k", "1"), all_but(Guarantee::MonotonicWrites));
        assert_eq!(pair("read k", "2", "write k", "2"), all_but(Guarantee::WritesFollowReads));
        assert_eq!(pair("write k", "2", "read k", "2"), Guarantee::ALL);
        assert_eq!(pair("read k", "2", "read l", "nil"), Guarantee::ALL);
    }

    #[test]
    fn other_sessions_and_lost_answers_promise_nothing() {
        assert_eq!(held(&[ok('A', "write k", "2", 0, 1), ok('B', "read k", "1", 2, 3)]), Guarantee::ALL);
        assert_eq!(
            held(&[unknown('A', "write k", 0), refused('A', "write k", 1, 2), ok('A', "read k", "", 3, 4)]),
            Guarantee::ALL
        );
    }

    #[test]
    fn broken_guarantee_is_told_with_both_operations_and_what_is_no_version_is_not_judged() {
        let told = Guarantee::ReadYourWrites
            .judge(&[ok('A', "write k", "2@10", 0, 1), ok('A', "read k", "1@20", 2, 3)]);
        let text = "read your writes is broken:\n  A write k → 2@10 [0, 1]\n  A read k → 1@20 [2, 3]";
        assert_eq!(told, Opinion::Broken(text.to_owned()));
        let told = Guarantee::MonotonicReads.judge(&[ok('A', "read k", "blue", 0, 1)]);
        assert!(matches!(told, Opinion::Undecided(why) if why.contains("not `blue`")));
    }

    proptest! {
        /// Every pair of operations of a session, instead of the newest before each.
        #[test]
        fn sessions_are_judged_as_by_all_pairs(
            all in vec((0..2_u8, any::<bool>(), 0..2_usize, 0..5_i64, 0..6_u8), 0..9),
            guarantee in prop::sample::select(Guarantee::ALL.to_vec()),
        ) {
            let operation = |(place, (worker, is_write, key, version, end)): (u64, (u8, bool, usize, i64, u8))| {
                let what = [["read k", "read l"], ["write k", "write l"]][usize::from(is_write)][key];
                let (worker, at) = (char::from(b'A' + worker), 2 * place);
                match end {
                    0 => unknown(worker, what, at),
                    1 => refused(worker, what, at, at + 1),
                    _ => ok(worker, what, &i64::to_string(&version), at, at + 1),
                }
            };
            let operations: Vec<_> = (0..).zip(all).map(operation).collect();
            let known = versioned(&operations).expect("versions");
            let mut holds = true;
            for (place, later) in known.iter().enumerate() {
                for earlier in &known[..place] {
                    let same = earlier.operation.worker == later.operation.worker && earlier.key == later.key;
                    let newer = later.version > earlier.version || (!later.is_write && later.version == earlier.version);
                    let counts = match guarantee {
                        Guarantee::ReadYourWrites => earlier.is_write && !later.is_write,
                        Guarantee::MonotonicReads => !earlier.is_write && !later.is_write,
                        Guarantee::MonotonicWrites => earlier.is_write && later.is_write,
                        Guarantee::WritesFollowReads => !earlier.is_write && later.is_write,
                    };
                    holds &= !(same && counts) || newer;
                }
            }
            prop_assert_eq!(guarantee.judge(&operations) == Opinion::Holds, holds);
        }
    }
}
