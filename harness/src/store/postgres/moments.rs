//! Owns [`Moments`]: the columns that hold times, and the question which of them comes next. A lease that is written down
//! as the time of its end is a deadline like any other.

use std::time::Duration;

use super::batch::{Batch, literal, quoted};
use super::catalog::{in_sql, lock_sql};
use super::exchange::{Answers, Refusal};
use super::remembered::LOCKED;
use super::row::Row;

/// One row for each column of an ordinary table that holds times, by table: schema, table, column, and the time zone for
/// those that have none of their own.
pub(super) const COLUMNS_SQL: &str = "
    SELECT n.nspname, c.relname, a.attname,
        CASE a.atttypid WHEN 'timestamp'::regtype
            THEN (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'raceproof')
        AND a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum";

/// Programs see that a time is over when the clock is past it.
const GRAIN: Duration = Duration::from_millis(1);

/// The tables that have such columns, each with a statement that was prepared for it.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// The statements that lock one and that ask.
    tables: Vec<[String; 2]>,
}

impl Moments {
    /// The question, for what [`COLUMNS_SQL`] gave.
    pub(super) fn new(columns: &[Row]) -> Self {
        let mut tables: Vec<(String, Vec<String>)> = Vec::new();
        for row in columns {
            let (table, column) = (in_sql(&row.text(0), &row.text(1)), quoted(&row.text(2)));
            let zone = row.text(3);
            let moment =
                if zone.is_empty() { column } else { format!("{column} AT TIME ZONE {}", literal(&zone)) };
            match tables.last_mut().filter(|(last, _)| *last == table) {
                Some((_, moments)) => moments.push(moment),
                None => tables.push((table, vec![moment])),
            }
        }
        let statements = |(table, moments): &(String, Vec<String>)| {
            let sql = format!(
                "SELECT (extract(epoch FROM min(m)) * 1000000)::bigint
                FROM (SELECT unnest(ARRAY[{}]) AS m FROM ONLY {table}) AS moments,
                    (SELECT timestamptz 'epoch' + $1::bigint * interval '1 microsecond' AS n) AS now
                WHERE m > n AND m < n + interval '1 day'",
                moments.join(", ")
            );
            [lock_sql(table), sql]
        };
        Self { tables: tables.iter().map(statements).collect() }
    }

    /// Fills `batch` with what prepares it.
    pub(super) fn prepare(&self, batch: &mut Batch) {
        for (number, [lock_table, ask]) in self.tables.iter().enumerate() {
            batch.prepare(&lock(number), lock_table);
            batch.prepare(&next(number), ask);
        }
        batch.sync();
    }

    /// Fills `batch` with the question what comes after `now`; `false` if nothing ever does.
    pub(super) fn ask(&self, batch: &mut Batch, now: Duration) -> bool {
        let micros = now.as_micros().to_string();
        for number in 0..self.tables.len() {
            batch.run_unless_locked(&lock(number), &next(number), &[&micros]);
        }
        if !self.tables.is_empty() {
            batch.roll_back();
        }
        !self.tables.is_empty()
    }

    /// The first moment at which something is over. A table that somebody has locked holds nothing that others can see.
    ///
    /// # Errors
    /// Why a table could not be read, unless it is locked.
    pub(super) fn read(sections: Vec<Result<Answers, Refusal>>) -> Result<Option<Duration>, Refusal> {
        let mut first: Option<u64> = None;
        for section in sections {
            match section {
                Ok(answers) => {
                    let micros = answers.iter().flatten().filter_map(|row| row.number(0)).min();
                    first = first.into_iter().chain(micros).min();
                }
                Err(refusal) if refusal.sqlstate == LOCKED => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(first.map(|micros| Duration::from_micros(micros) + GRAIN))
    }
}

fn lock(number: usize) -> String {
    format!("moments_lock_{number}")
}

fn next(number: usize) -> String {
    format!("moments_{number}")
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    #[test]
    fn tables_without_times_are_not_asked() {
        let mut batch = Batch::default();
        let moments = Moments::new(&[]);
        assert!(!moments.ask(&mut batch, Duration::ZERO) && batch.bytes.is_empty());
    }

    #[test]
    fn earliest_of_all_tables_comes_next() {
        let told = |micros: Option<&str>| Ok(vec![vec![], vec![row(&[micros])]]);
        let locked = Err(Refusal { sqlstate: LOCKED.to_owned(), message: String::new() });
        let read = Moments::read(vec![told(None), told(Some("7000")), locked, told(Some("5000"))]);
        assert_eq!(read, Ok(Some(Duration::from_millis(6))));
        assert_eq!(Moments::read(vec![told(None)]), Ok(None));
    }
}
