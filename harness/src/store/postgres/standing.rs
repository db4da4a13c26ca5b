//! Owns the question how connections stand. Only what the lock manager itself says counts: what a session shows of its
//! waits is written without a lock, and was seen to be wrong.

use std::collections::BTreeSet;

use super::batch::numbers;
use super::row::Row;
use crate::gate::Standing;

pub(super) const STANDING: &str = "standing";

/// One row for each process in `$1`, in that order: whom it waits for, for a lock or for a safe snapshot.
pub(super) const STANDING_SQL: &str =
    "SELECT pg_blocking_pids(p), pg_safe_snapshot_blocking_pids(p) FROM unnest($1::int[]) AS p";

/// Reads one row; `control` is the process that [arms splits](crate::gate::Backend::arm_split).
pub(super) fn read(row: &Row, control: u64) -> Standing {
    let holders: BTreeSet<u64> = [0, 1].into_iter().flat_map(|index| numbers(&row.text(index))).collect();
    if holders.contains(&control) {
        Standing::Stopped
    } else if holders.is_empty() {
        Standing::Quiet
    } else {
        Standing::Blocked(holders.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    #[test]
    fn a_wait_for_the_control_connection_is_a_stop() {
        let read = |locks, snapshots| read(&row(&[Some(locks), Some(snapshots)]), 9);
        assert_eq!(read("{}", "{}"), Standing::Quiet);
        assert_eq!(read("{7,3,7}", "{}"), Standing::Blocked(vec![3, 7]));
        assert_eq!(read("{}", "{4}"), Standing::Blocked(vec![4]));
        assert_eq!(read("{9}", "{}"), Standing::Stopped);
    }
}
