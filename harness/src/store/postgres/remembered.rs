//! Owns [`Remembered`]: the content in which every execution starts, as copies of its tables in a schema of ours.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, literal};
use super::catalog::{OWN_SCHEMA, Table, in_sql, lock_sql};
use super::exchange::{Answers, Refusal};
use super::kept::{Kept, Mending, Reading};
use super::row::Row;
use super::{snapshot, split};
use crate::history::{Datum, State};

/// What was remembered of a database.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    tables: Vec<Kept>,
    sequences: Vec<Sequence>,
    /// Whether one table cannot be brought back without the others, as foreign keys are in force for us too.
    together: bool,
}

#[derive(Debug)]
struct Sequence {
    quoted: String,
    /// Its last value, and whether that was given out.
    remembered: Option<(i64, bool)>,
}

/// Which tables are brought back how, by their number, and which sequences.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mendings {
    tables: BTreeMap<usize, Mending>,
    sequences: Vec<usize>,
}

impl Mendings {
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.sequences.is_empty()
    }
}

/// How tables are remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Whether statements that write are to be stopped before their first row.
    pub(super) splits: bool,
    /// Whether the server vacuums tables by itself, which ours does not.
    pub(super) vacuums: bool,
    /// Whether triggers and foreign keys are in force for us.
    pub(super) constrained: bool,
    /// Whether the copies must survive the death of the server's processes.
    pub(super) durable: bool,
}

/// Fills `batch` with what makes copies of `tables`.
pub(super) fn copy(batch: &mut Batch, tables: &[Table], manner: Manner) {
    let mut sql = format!("CREATE SCHEMA {OWN_SCHEMA};");
    if manner.splits {
        sql += split::FUNCTION;
    }
    for (number, table) in tables.iter().enumerate() {
        let (quoted, columns) = (&table.quoted, table.insertable());
        let kind = if manner.durable { "" } else { "UNLOGGED" };
        sql += &format!("CREATE {kind} TABLE {} AS SELECT {columns} FROM ONLY {quoted};", copy_of(number));
        if manner.splits {
            sql += &split::trigger(quoted);
        }
        if manner.vacuums {
            sql += &format!("ALTER TABLE {quoted} SET (autovacuum_enabled = false);");
        }
    }
    batch.query(&sql);
}

const SEQUENCES: &str = "sequences";
/// The SQLSTATE of a lock that was not to be had.
pub(super) const LOCKED: &str = "55P03";

fn copy_of(number: usize) -> String {
    format!("{OWN_SCHEMA}.copy_{number}")
}

fn prepare_table(batch: &mut Batch, number: usize, table: &Table) {
    let (quoted, columns) = (&table.quoted, table.insertable());
    let list = if columns.is_empty() { String::new() } else { format!("({columns})") };
    let copy = copy_of(number);
    batch.prepare(&format!("read_{number}"), &format!("SELECT ctid, * FROM ONLY {quoted}"));
    batch.prepare(&format!("lock_{number}"), &lock_sql(quoted));
    batch.prepare(&format!("delete_{number}"), &format!("DELETE FROM ONLY {quoted}"));
    let insert = format!("INSERT INTO {quoted} {list} OVERRIDING SYSTEM VALUE SELECT {columns} FROM {copy}");
    batch.prepare(&format!("insert_{number}"), &insert);
    batch.prepare(
        &format!("vacuum_{number}"),
        &format!("VACUUM (TRUNCATE TRUE, INDEX_CLEANUP TRUE) {quoted}"),
    );
}

impl Remembered {
    /// What was remembered, from the answers to a [read](Self::read); nothing is known of `tables` yet.
    pub(super) fn new(tables: Vec<Table>, sequences: &[(String, String)], manner: Manner) -> Self {
        let tables = tables.into_iter().map(|table| Kept::new(table, Reading::default())).collect();
        let sequence =
            |(schema, name): &(String, String)| Sequence { quoted: in_sql(schema, name), remembered: None };
        let sequences = sequences.iter().map(sequence).collect();
        Self { tables, sequences, together: manner.constrained }
    }

    /// The tables, as they are called in statements, of which an execution may fill a page up.
    pub(super) fn crowded(&self) -> BTreeSet<String> {
        self.tables.iter().filter(|kept| kept.is_crowded()).map(|kept| kept.table.quoted.clone()).collect()
    }

    /// Fills `batch` with what prepares all that is needed later.
    pub(super) fn prepare(&self, batch: &mut Batch) {
        for (number, kept) in self.tables.iter().enumerate() {
            prepare_table(batch, number, &kept.table);
        }
        if !self.sequences.is_empty() {
            let part = |(number, Sequence { quoted, .. }): (usize, &Sequence)| {
                format!("SELECT {number} AS number, last_value, is_called FROM {quoted}")
            };
            let parts: Vec<_> = self.sequences.iter().enumerate().map(part).collect();
            batch.prepare(SEQUENCES, &format!("{} ORDER BY number", parts.join(" UNION ALL ")));
        }
        batch.sync();
    }

    /// Fills `batch` with what reads everything.
    pub(super) fn read(&self, batch: &mut Batch) {
        for number in 0..self.tables.len() {
            batch.run(&format!("read_{number}"), &[]);
        }
        if !self.sequences.is_empty() {
            batch.run(SEQUENCES, &[]);
        }
        batch.sync();
    }

    /// Fills `batch` with what reads everything while others are at work, each table in a section of its own: one
    /// that somebody has locked is not waited for.
    pub(super) fn look(&self, batch: &mut Batch) {
        for number in 0..self.tables.len() {
            batch.run_unless_locked(&format!("lock_{number}"), &format!("read_{number}"), &[]);
        }
        batch.roll_back();
    }

    /// The state that was [looked at](Self::look). A locked table is as it was when it was seen last: whoever has the
    /// lock has shown nobody what he has changed.
    ///
    /// # Errors
    /// Why a table could not be read, unless it is locked.
    pub(super) fn seen(&mut self, sections: Vec<Result<Answers, Refusal>>) -> Result<State, Refusal> {
        let mut entries = BTreeMap::new();
        for (kept, section) in self.tables.iter_mut().zip(sections) {
            match section {
                Ok(mut answers) => {
                    let _end_of_the_transaction = answers.pop();
                    kept.seen = answers.pop().unwrap_or_default();
                }
                Err(refusal) if refusal.sqlstate == LOCKED => {}
                Err(refusal) => return Err(refusal),
            }
            entries.extend(snapshot::entries(&kept.table, &kept.seen));
        }
        Ok(State::new(entries))
    }

    /// Takes what was [read](Self::read) for what is to be remembered; all of it is then to be rebuilt, so that every
    /// execution starts alike, the first one too.
    pub(super) fn take(&mut self, answers: &Answers) -> Mendings {
        for (kept, rows) in self.tables.iter_mut().zip(answers) {
            *kept = Kept::new(kept.table.clone(), Reading::of(rows));
            kept.seen.clone_from(rows);
        }
        for (sequence, row) in self.sequences.iter_mut().zip(sequence_rows(answers, self.tables.len())) {
            sequence.remembered = read_sequence(row);
        }
        let all = 0..self.tables.len();
        Mendings { tables: all.map(|number| (number, Mending::Rebuild)).collect(), sequences: Vec::new() }
    }

    /// The state that was [read](Self::read).
    pub(super) fn state(&self, answers: &Answers) -> State {
        let of_tables = self.tables.iter().zip(answers);
        let entries: BTreeMap<String, Datum> =
            of_tables.flat_map(|(kept, rows)| snapshot::entries(&kept.table, rows)).collect();
        State::new(entries)
    }

    /// What has to be done after an execution that has left what was [read](Self::read).
    pub(super) fn mendings(&mut self, answers: &Answers) -> Mendings {
        let readings: Vec<Reading> =
            answers.iter().take(self.tables.len()).map(|rows| Reading::of(rows)).collect();
        let mend = |together: bool, kept: &mut [Kept]| -> BTreeMap<usize, Mending> {
            let all = kept.iter_mut().zip(&readings).enumerate();
            all.filter_map(|(number, (kept, now))| Some((number, kept.mending(now, together)?))).collect()
        };
        let mut tables = mend(false, &mut self.tables);
        if self.together && !tables.is_empty() {
            tables.append(&mut mend(true, &mut self.tables));
        }
        let sequences = self.sequences.iter().zip(sequence_rows(answers, self.tables.len())).enumerate();
        let changed = sequences.filter(|(_, (sequence, row))| sequence.remembered != read_sequence(row));
        let sequences = changed.map(|(number, _)| number).collect();
        Mendings { tables, sequences }
    }

    /// Fills `batch` with what brings everything back and reads the tables again.
    pub(super) fn mend(&self, batch: &mut Batch, mendings: &Mendings) {
        for number in mendings.tables.keys().rev() {
            batch.run(&format!("delete_{number}"), &[]);
        }
        let rebuilt = mendings.tables.iter().filter(|(_, mending)| **mending == Mending::Rebuild);
        for (position, (number, _)) in rebuilt.enumerate() {
            if position == 0 {
                batch.sync();
            }
            batch.run(&format!("vacuum_{number}"), &[]);
            batch.sync();
        }
        for number in mendings.tables.keys() {
            batch.run(&format!("insert_{number}"), &[]);
        }
        for number in &mendings.sequences {
            let sequence = &self.sequences[*number];
            if let Some((last, is_called)) = sequence.remembered {
                batch.prepare(
                    "",
                    &format!("SELECT setval({}, {last}, {is_called})", literal(&sequence.quoted)),
                );
                batch.run("", &[]);
            }
        }
        for number in mendings.tables.keys() {
            batch.run(&format!("read_{number}"), &[]);
        }
        batch.sync();
    }

    /// Takes note of the answers to [`mend`](Self::mend): what has to be done again, more thoroughly.
    ///
    /// # Errors
    /// The name of a table that is not what it was even after that.
    pub(super) fn mended(&mut self, mendings: &Mendings, answers: &Answers) -> Result<Mendings, String> {
        let read = &answers[answers.len().saturating_sub(mendings.tables.len())..];
        let mut again = Mendings::default();
        for ((number, mending), rows) in mendings.tables.iter().zip(read) {
            let kept = &mut self.tables[*number];
            if kept.mended(*mending, &Reading::of(rows)) {
                continue;
            }
            if *mending == Mending::Rebuild {
                return Err(kept.table.name.clone());
            }
            again.tables.insert(*number, Mending::Rebuild);
        }
        Ok(again)
    }
}

fn sequence_rows(answers: &Answers, tables: usize) -> impl Iterator<Item = &Row> {
    answers.get(tables).into_iter().flatten()
}

fn read_sequence(row: &Row) -> Option<(i64, bool)> {
    Some((row.number(1)?, row.is_true(2)))
}
