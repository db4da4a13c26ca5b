//! Owns [`Following`]: what follows for a step from the transaction in which it runs, and from what was learnt before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::super::batch::Batch;
use super::super::exchange::Answers;
use super::deed::{Access, Deed, HARMLESS, Touches, Unclear, Way, deeds};
use super::key::key;
use super::learnt::Learnt;
use super::schema::{QUESTIONS, Schema, Table, functions_sql};
use crate::explore::{self, Footprint, Touch};
use crate::gate::Exchange;
use crate::id::ConnectionId;
use crate::isolation::Isolation;
use crate::wire::postgres::{executed, sqlstate, startup_parameters, status, tags};

/// Most requests that are remembered; then all are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// What is known of the database, of the transactions in it, and of which differences show.
#[derive(Debug, Default)]
pub(in super::super) struct Following {
    schema: Option<Arc<Schema>>,
    /// What was found out about requests.
    by_request: BTreeMap<Box<[u8]>, Arc<[Deed]>>,
    /// Functions of the server's own, which stay the same.
    functions: BTreeSet<String>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Something was done after which nothing is known.
    is_lost: bool,
    pub(super) learnt: Learnt,
    /// Tables, by the names of their rows, of which a page may fill up.
    crowded: BTreeSet<Bytes>,
}

#[derive(Debug, Default)]
struct Connection {
    transaction: Transaction,
    /// Its statements may mean something else than they say.
    is_lost: bool,
    /// What its last request touches.
    last: Footprint,
}

/// The transaction of a connection.
#[derive(Debug, Clone, Default)]
struct Transaction {
    is_open: bool,
    level: Option<Isolation>,
    /// Whether it has chosen what it sees, where that is done once.
    has_snapshot: bool,
    is_unclear: bool,
    /// What it has written or locked.
    held: BTreeSet<Access>,
}

impl Following {
    /// An execution begins.
    pub(in super::super) fn begin(&mut self) {
        self.connections.clear();
        self.is_lost = false;
    }

    /// Takes note of what a client has said to get a connection.
    pub(in super::super) fn note_opening(&mut self, opening: &[u8]) {
        let is_harmless = |(name, value): (&String, &String)| {
            let is_setting = HARMLESS.contains(&name.to_ascii_lowercase().as_str());
            is_setting || ["user", "database"].contains(&name.as_str()) || is_unicode(name, value)
        };
        self.learnt.is_distrusted |=
            !startup_parameters(opening).is_some_and(|all| all.iter().all(is_harmless));
    }

    /// Forgets the structure of the data, which is about to change.
    pub(in super::super) fn forget_schema(&mut self) {
        self.schema = None;
        self.by_request.clear();
        self.crowded.clear();
    }

    pub(in super::super) fn knows_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// Fills `batch` with the questions about the structure of the data.
    pub(in super::super) fn ask(&self, batch: &mut Batch) {
        QUESTIONS.iter().for_each(|question| batch.query(question));
        if self.functions.is_empty() {
            batch.query(&functions_sql());
        }
    }

    /// Takes note of the answers to [`ask`](Self::ask). Tables in `crowded`, named by schema and name, have pages that may fill up.
    pub(in super::super) fn learn_schema(&mut self, mut answers: Answers, crowded: BTreeSet<String>) {
        if answers.len() > QUESTIONS.len() {
            let names = answers.pop().unwrap_or_default();
            self.functions = names.iter().map(|row| row.text(0).into_owned()).collect();
        }
        let schema = Schema::read(&answers, self.functions.clone()).unwrap_or_else(Schema::unknown);
        let is_crowded = |table: &&Table| crowded.contains(&table.quoted());
        self.crowded = schema.tables.iter().filter(is_crowded).map(|table| table.rows.clone()).collect();
        self.schema = Some(Arc::new(schema));
    }

    /// What an exchange touches, at `level` where neither the transaction nor the database names one.
    pub(in super::super) fn take(&mut self, exchange: &Exchange<'_>, level: Isolation) -> Footprint {
        let level = self.schema.as_ref().and_then(|schema| schema.level).unwrap_or(level);
        let mut connection = self.connections.remove(&exchange.connection).unwrap_or_default();
        let footprint = self.take_of(&mut connection, exchange, level);
        self.connections.insert(exchange.connection, connection);
        footprint
    }

    fn take_of(
        &mut self,
        connection: &mut Connection,
        exchange: &Exchange<'_>,
        level: Isolation,
    ) -> Footprint {
        let is_new = !exchange.request.is_empty();
        let was_open = connection.transaction.is_open;
        let deeds = if is_new { self.deeds_of(exchange) } else { Arc::from([]) };
        if is_new {
            connection.last = self.request(connection, &deeds, level);
        }
        let Some(reply) = exchange.reply else {
            let mut footprint = connection.last.clone();
            if !was_open {
                // Nobody sees what it writes before it is answered.
                self.unpublished(&mut footprint);
            }
            return footprint;
        };
        let mut footprint = connection.last.clone();
        let has_failed = sqlstate(reply).is_some();
        if has_failed {
            // What a transaction holds it lets go when it fails, and not when it is ended.
            footprint.add(self.end_of(&connection.transaction, false));
        }
        if is_everything(&footprint) {
            footprint = Footprint::everything();
        } else if is_new && !was_open && is_undone(&deeds, reply, has_failed) {
            footprint
                .0
                .iter_mut()
                .filter(|touch| !is_sequence(touch))
                .for_each(|touch| touch.access = explore::Access::Reads);
        }
        if let (true, false, [Deed::Touches(Touches { sums: Some(sums), .. })]) = (is_new, was_open, &*deeds)
        {
            merged(&mut footprint, sums);
        }
        match status(reply) {
            Some(b'I') => connection.transaction = Transaction::default(),
            // A transaction that was not seen to begin.
            Some(_) if !connection.transaction.is_open => {
                (connection.transaction.is_open, connection.transaction.is_unclear) = (true, true);
            }
            Some(_) => {}
            // Its client is gone, or it goes on.
            None => {
                connection.is_lost = true;
                return Footprint::everything();
            }
        }
        footprint
    }

    /// Rows that are written and not shown yet are only read so far.
    fn unpublished(&self, footprint: &mut Footprint) {
        let Some(schema) = &self.schema else { return };
        let is_rows =
            |touch: &&mut Touch| schema.tables.iter().any(|table| touch.object.as_ref() == Some(&table.rows));
        footprint.0.iter_mut().filter(is_rows).for_each(|touch| touch.access = explore::Access::Reads);
    }

    /// What a request does, from its text.
    fn deeds_of(&mut self, exchange: &Exchange<'_>) -> Arc<[Deed]> {
        let lost = || Arc::from([Deed::Unclear(Unclear::Connection)]);
        let Some(executed) = executed(exchange.request, exchange.context) else { return lost() };
        let Some(schema) = self.schema.clone().filter(|schema| !schema.is_odd) else {
            return Arc::from([Deed::Unclear(Unclear::Everybody)]);
        };
        let key = key(&executed);
        if let Some(known) = self.by_request.get(key.as_slice()) {
            return known.clone();
        }
        let deeds: Arc<[Deed]> = executed.iter().flat_map(|executed| deeds(&schema, executed)).collect();
        if self.by_request.len() >= REMEMBERED_MAX {
            self.by_request.clear();
        }
        self.by_request.insert(key.into(), deeds.clone());
        deeds
    }

    /// What a request touches that is not answered yet; takes note of what it does to its transaction.
    fn request(&mut self, connection: &mut Connection, deeds: &[Deed], level: Isolation) -> Footprint {
        let mut footprint = Footprint::nothing();
        for deed in deeds {
            let touched = self.deed(connection, deed, level);
            footprint.0.extend(touched.0);
        }
        if self.is_lost || self.learnt.is_distrusted || connection.is_lost {
            return Footprint::everything();
        }
        footprint.add(Footprint::nothing());
        footprint
    }

    fn deed(&mut self, connection: &mut Connection, deed: &Deed, default: Isolation) -> Footprint {
        let transaction = &mut connection.transaction;
        let mut level = transaction.level.unwrap_or(default);
        let mut footprint = match deed {
            Deed::Touches(touches) => {
                let sees_anew = !(transaction.is_open && transaction.has_snapshot);
                let footprint = self.touched(transaction, touches, sees_anew);
                transaction.has_snapshot |= level != Isolation::ReadCommitted;
                return with_snapshot(footprint, level, transaction.is_open && sees_anew);
            }
            Deed::Nothing => Footprint::nothing(),
            Deed::Begin(named) => {
                if !transaction.is_open {
                    (transaction.is_open, transaction.level) = (true, *named);
                    level = named.unwrap_or(default);
                }
                Footprint::nothing()
            }
            Deed::Level(named) => {
                transaction.level = Some(*named);
                level = *named;
                Footprint::nothing()
            }
            Deed::Commit | Deed::Rollback => {
                let ended = std::mem::take(transaction);
                let end = self.end_of(&ended, *deed == Deed::Commit);
                return with_snapshot(end, level, false);
            }
            Deed::RollbackTo => self.end_of(transaction, false),
            Deed::Unclear(unclear) => {
                transaction.is_unclear = true;
                connection.is_lost |= *unclear >= Unclear::Connection;
                self.is_lost |= *unclear == Unclear::Everybody;
                return Footprint::everything();
            }
        };
        // Even to prepare the next statement, which is no step, chooses what the transaction sees.
        let chooses = connection.transaction.is_open && !connection.transaction.has_snapshot;
        footprint = with_snapshot(footprint, level, chooses);
        footprint
    }

    /// What a statement touches in its transaction; `sees_anew` unless what it sees was chosen before.
    fn touched(&mut self, transaction: &mut Transaction, touches: &Touches, sees_anew: bool) -> Footprint {
        let Some(schema) = self.schema.clone() else { return Footprint::everything() };
        for table in &touches.shown {
            self.learnt.show(&schema.tables[*table].rows);
        }
        let mut footprint = Vec::new();
        for Access { table, part, way } in &touches.accesses {
            let object = &schema.tables[*table];
            let mut touch = |object: &Bytes, part: Option<Bytes>, writes: bool| {
                footprint.push(Touch {
                    object: Some(object.clone()),
                    part,
                    access: explore::Access::of(writes),
                });
            };
            if *way == Way::Read {
                if sees_anew {
                    touch(&object.rows, part.clone(), false);
                }
                continue;
            }
            let is_crowded = self.crowded.contains(&object.rows);
            let is_written = *way == Way::Write;
            // The order in which different rows are written is the order in which they lie.
            let is_whole = is_written && (is_crowded || self.learnt.shows(&object.rows));
            let part = part.clone().filter(|_| !is_whole);
            if is_written && part.is_some() {
                self.learnt.part(&object.rows);
            }
            touch(&object.rows, part.clone(), is_written && (is_crowded || !transaction.is_open));
            touch(&object.locks, part.clone(), true);
            transaction.held.insert(Access { table: *table, part, way: *way });
        }
        let sequence =
            |name: &Bytes| Touch { object: Some(name.clone()), part: None, access: explore::Access::Writes };
        footprint.extend(touches.sequences.iter().map(sequence));
        Footprint(footprint)
    }

    /// What the end of a transaction touches: it lets go what it holds, and if it is committed, shows what it has written.
    fn end_of(&self, transaction: &Transaction, commits: bool) -> Footprint {
        let (Some(schema), false) = (&self.schema, transaction.is_unclear) else {
            return Footprint::everything();
        };
        let mut footprint = Footprint::nothing();
        for Access { table, part, way } in &transaction.held {
            let object = &schema.tables[*table];
            let touch = |object: &Bytes| Touch {
                object: Some(object.clone()),
                part: part.clone(),
                access: explore::Access::Writes,
            };
            footprint.0.push(touch(&object.locks));
            if commits && *way == Way::Write {
                footprint.0.push(touch(&object.rows));
            }
        }
        footprint
    }
}

/// What is written is written by `sums`.
fn merged(footprint: &mut Footprint, sums: &Bytes) {
    for touch in footprint.0.iter_mut().filter(|touch| touch.access == explore::Access::Writes) {
        touch.access = explore::Access::Merges(sums.clone());
    }
}

/// A footprint in a transaction at `level`, which now chooses what it sees, if it `chooses`.
fn with_snapshot(mut footprint: Footprint, level: Isolation, chooses: bool) -> Footprint {
    match level {
        Isolation::ReadCommitted => footprint,
        Isolation::RepeatableRead => {
            if chooses {
                footprint.0.push(Touch { object: None, part: None, access: explore::Access::Reads });
            }
            footprint
        }
        // What it does decides about others, and theirs about it.
        Isolation::Serializable => Footprint::everything(),
    }
}

/// Whether a client says that it writes in the way in which its statements are read.
fn is_unicode(name: &str, value: &str) -> bool {
    name == "client_encoding"
        && ["UTF8", "UTF-8", "'UTF-8'"].iter().any(|known| value.eq_ignore_ascii_case(known))
}

/// Whether nothing is left of what was done outside of a transaction: it has failed, or found no row.
fn is_undone(deeds: &[Deed], reply: &[u8], has_failed: bool) -> bool {
    let is_plain = deeds.iter().all(|deed| matches!(deed, Deed::Touches(_) | Deed::Nothing));
    let is_told = |deed: &Deed| match deed {
        Deed::Touches(touches) => !touches.writes_untold,
        _ => true,
    };
    let is_none = |tag: &[u8]| !is_writing(tag) || tag.ends_with(b" 0");
    is_plain && (has_failed || deeds.iter().all(is_told) && tags(reply).all(is_none))
}

fn is_writing(tag: &[u8]) -> bool {
    [b"INSERT ".as_slice(), b"UPDATE ", b"DELETE "].iter().any(|word| tag.starts_with(word))
}

fn is_sequence(touch: &Touch) -> bool {
    let names: [&[u8]; 2] = [b"sequence ", b"identity "];
    touch.object.as_ref().is_some_and(|object| names.iter().any(|name| object.starts_with(name)))
}

fn is_everything(footprint: &Footprint) -> bool {
    footprint.0.iter().any(|touch| touch.object.is_none() && touch.access != explore::Access::Reads)
}

#[cfg(test)]
mod tests;
