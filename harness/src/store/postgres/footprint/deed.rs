//! Owns [`Deed`]: what one statement does, whoever runs it and in whatever transaction.

use std::collections::BTreeSet;

use bytes::Bytes;
use sqlparser::ast::{Set, Statement, TransactionIsolationLevel, TransactionMode};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::names;
use super::schema::Schema;
use super::walk::Walk;
use crate::isolation::Isolation;
use crate::wire::postgres::Executed;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// It reads and writes rows.
    Touches(Touches),
    /// It concerns nobody else.
    Nothing,
    /// It begins a transaction, at a level if it names one.
    Begin(Option<Isolation>),
    /// It sets the level of the transaction.
    Level(Isolation),
    Commit,
    Rollback,
    RollbackTo,
    Unclear(Unclear),
}

/// How far it reaches that a statement is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unclear {
    /// The statement alone, and the end of its transaction.
    Step,
    /// What its connection does later may mean something else than it says.
    Connection,
    /// What anybody does later.
    Everybody,
}

/// What a statement touches of tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Touches {
    pub(super) accesses: Vec<Access>,
    /// Tables the order of whose rows can be noticed.
    pub(super) shown: BTreeSet<usize>,
    /// What is drawn from and never given back.
    pub(super) sequences: BTreeSet<Bytes>,
    /// Whether rows are written of which the answer does not tell how many.
    pub(super) writes_untold: bool,
    /// What is done to the one row that is written, if doing the same again comes to the same in either order and is answered alike.
    pub(super) sums: Option<Bytes>,
}

/// One table, or one row of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Access {
    pub(super) table: usize,
    pub(super) part: Option<Bytes>,
    pub(super) way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Read,
    /// Read, and locked until the transaction ends.
    Lock,
    /// Read, locked and written.
    Write,
}

/// Longest text that is parsed: the tree of a longer one may be too deep to be taken down again.
const SQL_BYTES_MAX: usize = 4 << 10;

/// Settings of a session that change no statement's meaning.
pub(super) const HARMLESS: &[&str] = &[
    "application_name",
    "bytea_output",
    "client_min_messages",
    "datestyle",
    "extra_float_digits",
    "idle_in_transaction_session_timeout",
    "intervalstyle",
    "lock_timeout",
    "statement_timeout",
    "synchronous_commit",
    "timezone",
];

/// What is done one after the other when `executed` is.
pub(super) fn deeds(schema: &Schema, executed: &Executed<'_>) -> Vec<Deed> {
    let unclear = || vec![Deed::Unclear(Unclear::Everybody)];
    let Ok(sql) = std::str::from_utf8(&executed.sql) else { return unclear() };
    if sql.len() > SQL_BYTES_MAX {
        return unclear();
    }
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, sql) else { return unclear() };
    let deed = |statement| deed(schema, executed, statement).unwrap_or_else(Deed::Unclear);
    statements.iter().map(deed).collect()
}

fn deed(schema: &Schema, executed: &Executed<'_>, statement: &Statement) -> Result<Deed, Unclear> {
    match statement {
        Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
            let mut walk = Walk::new(schema, &executed.parameters);
            walk.statement(statement)?;
            Ok(Deed::Touches(walk.finish()))
        }
        Statement::StartTransaction { modes, modifier: None, statements, exception: None, .. }
            if statements.is_empty() =>
        {
            Ok(Deed::Begin(level(modes)?))
        }
        Statement::Commit { chain: false, modifier: None, .. } => Ok(Deed::Commit),
        Statement::Rollback { chain: false, savepoint: None } => Ok(Deed::Rollback),
        Statement::Rollback { chain: false, savepoint: Some(_) } => Ok(Deed::RollbackTo),
        Statement::Savepoint { .. } | Statement::ReleaseSavepoint { .. } | Statement::ShowVariable { .. } => {
            Ok(Deed::Nothing)
        }
        Statement::Set(set) => setting(set),
        // What these do lasts no longer than the transaction, or is told when it ends.
        Statement::LISTEN { .. }
        | Statement::NOTIFY { .. }
        | Statement::UNLISTEN { .. }
        | Statement::Lock(_)
        | Statement::Truncate(_) => Err(Unclear::Step),
        Statement::Copy { .. }
        | Statement::Declare { .. }
        | Statement::Fetch { .. }
        | Statement::Close { .. }
        | Statement::Prepare { .. }
        | Statement::Execute { .. }
        | Statement::Deallocate { .. }
        | Statement::Discard { .. }
        | Statement::Reset(_) => Err(Unclear::Connection),
        _ => Err(Unclear::Everybody),
    }
}

fn setting(set: &Set) -> Result<Deed, Unclear> {
    match set {
        Set::SingleAssignment { variable, .. } => match names::parts(variable) {
            Some((None, name)) if HARMLESS.contains(&name.as_str()) => Ok(Deed::Nothing),
            _ => Err(Unclear::Connection),
        },
        Set::SetTimeZone { .. } => Ok(Deed::Nothing),
        Set::SetTransaction { modes, snapshot: None, session: false } => {
            Ok(level(modes)?.map_or(Deed::Nothing, Deed::Level))
        }
        _ => Err(Unclear::Connection),
    }
}

fn level(modes: &[TransactionMode]) -> Result<Option<Isolation>, Unclear> {
    let mut level = None;
    for mode in modes {
        if let TransactionMode::IsolationLevel(named) = mode {
            level = Some(match named {
                // Reading what is not committed is the same to this server.
                TransactionIsolationLevel::ReadUncommitted | TransactionIsolationLevel::ReadCommitted => {
                    Isolation::ReadCommitted
                }
                TransactionIsolationLevel::RepeatableRead => Isolation::RepeatableRead,
                TransactionIsolationLevel::Serializable => Isolation::Serializable,
                TransactionIsolationLevel::Snapshot => return Err(Unclear::Connection),
            });
        }
    }
    Ok(level)
}
