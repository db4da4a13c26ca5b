//! Owns the words for what a connection waits for.

use super::catalog::shown;
use super::row::Row;
use crate::gate::WaitFor;

pub(super) const WAITS: &str = "waits";

/// One row for each process in `$1` that waits and each that it waits for: both, the lock's kind and mode, its three
/// numbers, the table that it belongs to, the one whose row the waiter has claimed, and the one it is writing to if
/// there is only one.
pub(super) const WAITS_SQL: &str = "
    SELECT w.pid, h.pid, w.locktype, w.mode, w.classid, w.objid, w.objsubid,
        n.nspname, c.relname, row_of.nspname, row_of.relname, writes.nspname, writes.relname
    FROM unnest($1::int[]) AS p(pid)
    JOIN pg_locks w ON w.pid = p.pid AND NOT w.granted
    CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS h(pid)
    LEFT JOIN pg_class c ON c.oid = w.relation
    LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
        SELECT tn.nspname, t.relname
        FROM pg_locks l JOIN pg_class t ON t.oid = l.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
        WHERE l.pid = w.pid AND l.granted AND l.locktype = 'tuple'
        LIMIT 1
    ) row_of ON w.locktype = 'transactionid'
    LEFT JOIN LATERAL (
        SELECT min(tn.nspname::text) AS nspname, min(t.relname::text) AS relname
        FROM pg_locks l JOIN pg_class t ON t.oid = l.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
        WHERE l.pid = w.pid AND l.granted AND l.mode = 'RowExclusiveLock' AND t.relkind = 'r'
        HAVING count(*) = 1
    ) writes ON w.locktype = 'transactionid'
    UNION ALL
    SELECT p.pid, h.pid, 'snapshot', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM unnest($1::int[]) AS p(pid)
    CROSS JOIN LATERAL unnest(pg_safe_snapshot_blocking_pids(p.pid)) AS h(pid)
    ORDER BY 1, 2, 3";

/// Reads the rows, as far as both sides are among `keys`.
pub(super) fn read(rows: &[Row], keys: &[u64]) -> Vec<WaitFor> {
    let edges = rows.iter().filter_map(|row| {
        let (waiter, holder) = (row.number(0)?, row.number(1)?);
        keys.contains(&holder).then(|| WaitFor { waiter, holder, lock: lock(row) })
    });
    let mut edges: Vec<WaitFor> = edges.collect();
    edges.dedup();
    edges
}

fn lock(row: &Row) -> String {
    let table = |index: usize| {
        let name = row.text(index + 1);
        (!name.is_empty()).then(|| shown(&row.text(index), &name))
    };
    let mode = row.text(3);
    let number = |index: usize| row.number(index).map_or(0, u32::cast_signed);
    match (row.text(2).as_ref(), table(7), table(9), table(11)) {
        ("transactionid", _, Some(claimed), _) => {
            format!("the end of the other's transaction (row of `{claimed}`)")
        }
        ("transactionid", _, None, Some(written)) => {
            format!("the end of the other's transaction (writing to `{written}`)")
        }
        ("transactionid" | "virtualxid", ..) => "the end of the other's transaction".to_owned(),
        ("tuple", Some(table), ..) => format!("a row of `{table}`"),
        ("relation", Some(table), ..) => format!("table `{table}` ({mode})"),
        ("advisory", ..) if row.text(6) == "1" => {
            let key = (i64::from(number(4)) << 32) | i64::from(number(5).cast_unsigned());
            format!("advisory lock {key}")
        }
        ("advisory", ..) => format!("advisory lock ({}, {})", number(4), number(5)),
        ("snapshot", ..) => "a snapshot that no transaction can still invalidate".to_owned(),
        ("spectoken", ..) => "the other's insert".to_owned(),
        (kind, Some(table), ..) => format!("{kind} of `{table}` ({mode})"),
        (kind, None, ..) => format!("{kind} ({mode})"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    fn told(kind: &str, numbers: [&str; 3], tables: [Option<&str>; 3]) -> String {
        let mut values = vec![Some("1"), Some("2"), Some(kind), Some("ExclusiveLock")];
        values.extend(numbers.map(Some));
        values.extend(tables.iter().flat_map(|table| [table.map(|_| "public"), *table]));
        let edges = read(&[row(&values)], &[1, 2]);
        assert_eq!((edges[0].waiter, edges[0].holder), (1, 2));
        edges[0].lock.clone()
    }

    #[test]
    fn locks_are_told_in_words_that_do_not_vary() {
        let none = ["0"; 3];
        assert_eq!(told("tuple", none, [Some("t"), None, None]), "a row of `t`");
        assert_eq!(told("relation", none, [Some("t"), None, None]), "table `t` (ExclusiveLock)");
        let end = "the end of the other's transaction";
        assert_eq!(told("transactionid", none, [None, Some("t"), Some("u")]), format!("{end} (row of `t`)"));
        assert_eq!(told("transactionid", none, [None, None, Some("u")]), format!("{end} (writing to `u`)"));
        assert_eq!(told("transactionid", none, [None; 3]), end);
        assert_eq!(told("advisory", ["1", "4294967295", "2"], [None; 3]), "advisory lock (1, -1)");
        assert_eq!(told("advisory", ["1", "2", "1"], [None; 3]), "advisory lock 4294967298");
    }

    #[test]
    fn a_stranger_is_not_told() {
        let values: Vec<_> =
            ["1", "9", "tuple", "", "0", "0", "0"].into_iter().map(Some).chain([None; 6]).collect();
        assert!(read(&[row(&values)], &[1, 2]).is_empty());
    }
}
