//! Owns the errors with which a PostgreSQL server answers a unit because of what others do: which are possible, what
//! makes the server itself raise them, and how they are told.
//!
//! A unit is refused as a whole, and the server hears nothing of it, neither of the statements that it prepares. Like
//! any simple query, what it hears instead makes it forget its unnamed statement.

use super::frame::{Message, Messages, push};
use super::message::notice_fields;
use super::sql::{Token, Tokens, raw_words};
use super::standing::Transaction;
use super::statements::Statements;
use crate::id::Word;
use crate::wire::Injected;

const SERIALIZATION: &str = "40001";
const DEADLOCK: &str = "40P01";
const SHUTDOWN: &str = "57P01";

const CONCURRENT_UPDATE: &str = "could not serialize access due to concurrent update";
const DEPENDENCIES: &str = "could not serialize access due to read/write dependencies among transactions";

/// What a unit does, as far as it decides how it may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Nothing that conflicts with others, or nothing that can be replaced by one failing statement.
    Safe,
    /// It only reads.
    Reads,
    /// It may write or lock.
    Writes,
    /// It ends a transaction.
    Commits,
}

/// The codes of the errors with which the server may answer `unit`.
pub(super) fn possible(unit: &[u8], statements: Option<&Statements>, transaction: Transaction) -> Vec<Word> {
    let open = transaction == Transaction::Open;
    let codes: &[&str] = match kind(unit, statements) {
        // Everything is refused until the transaction ends.
        _ if transaction == Transaction::Failed => &[SHUTDOWN],
        Unit::Writes => &[SERIALIZATION, DEADLOCK, SHUTDOWN],
        Unit::Reads if open => &[SERIALIZATION, DEADLOCK, SHUTDOWN],
        Unit::Commits if open => &[SERIALIZATION, SHUTDOWN],
        Unit::Reads | Unit::Commits | Unit::Safe => &[SHUTDOWN],
    };
    codes.iter().map(|code| code.parse().expect("a code is a word")).collect()
}

/// How the error `code` is brought about.
pub(super) fn inject(unit: &[u8], statements: Option<&Statements>, code: Word) -> Injected {
    if code.as_str() == SHUTDOWN {
        return Injected::End;
    }
    // A transaction that fails to commit is over, unlike one in which a statement fails.
    let sql = match kind(unit, statements) {
        Unit::Commits => "ROLLBACK".to_owned(),
        _ => format!(
            "DO $raceproof$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '{}'; END $raceproof$",
            if code.as_str() == DEADLOCK { "deadlock detected" } else { CONCURRENT_UPDATE }
        ),
    };
    let mut bytes = Vec::new();
    push(&mut bytes, b'Q', &[sql.as_bytes(), b"\0"].concat());
    Injected::Instead(bytes)
}

/// The error and the state of the transaction behind it, and nothing else of the answer. Of the error those fields that
/// every one has.
pub(super) fn cleaned(code: Word, reply: &[u8]) -> Vec<u8> {
    let all = || Messages::of(reply);
    let mut fields = Vec::new();
    match all().find(|message| message.tag == b'E') {
        Some(error) => {
            let kept = |code: &u8| matches!(code, b'S' | b'V' | b'C' | b'M');
            for (field, text) in notice_fields(error.body).filter(|(field, _)| kept(field)) {
                append(&mut fields, field, text);
            }
        }
        // It was the end of a transaction.
        None => {
            let made_up = [(b'S', "ERROR"), (b'V', "ERROR"), (b'C', code.as_str()), (b'M', DEPENDENCIES)];
            for (field, text) in made_up {
                append(&mut fields, field, text.as_bytes());
            }
        }
    }
    fields.push(0);
    let mut out = Vec::new();
    push(&mut out, b'E', &fields);
    for ready in all().filter(|message| message.tag == b'Z') {
        out.extend_from_slice(ready.bytes);
    }
    out
}

fn append(fields: &mut Vec<u8>, field: u8, text: &[u8]) {
    fields.push(field);
    fields.extend_from_slice(text);
    fields.push(0);
}

/// What a unit does. Only a simple query, and a batch that a `Sync` ends, can be answered as another query is.
fn kind(unit: &[u8], statements: Option<&Statements>) -> Unit {
    let Some(messages) = Messages::whole(unit) else { return Unit::Safe };
    let messages: Vec<Message<'_>> = messages.collect();
    match messages.as_slice() {
        [Message { tag: b'Q', body, .. }] => {
            of_texts(statements_of(body.strip_suffix(b"\0").unwrap_or(body)))
        }
        [batch @ .., Message { tag: b'S', .. }] => {
            let is_plain =
                batch.iter().all(|message| matches!(message.tag, b'P' | b'B' | b'D' | b'E' | b'C'));
            match statements.filter(|_| is_plain) {
                Some(statements) => of_texts(executed(statements)),
                None => Unit::Safe,
            }
        }
        _ => Unit::Safe,
    }
}

/// The statements that a batch executes; nothing for one that is not known, as anything may be in it.
pub(super) fn executed(statements: &Statements) -> impl Iterator<Item = &[u8]> {
    let text = |index: &usize| statements.references.get(*index)?.statement.as_deref();
    statements.executed.iter().map(move |index| text(index).map_or(&b""[..], |statement| &statement.sql))
}

/// The statements of a text.
fn statements_of(sql: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut tokens = Tokens::of(sql);
    let statement = move || {
        let from = tokens.rest;
        let ended = tokens.any(|token| token == Token::Symbol(b';'));
        let length = from.len() - tokens.rest.len() - usize::from(ended);
        (!from.is_empty()).then_some(&from[..length])
    };
    std::iter::from_fn(statement).filter(|statement| Tokens::of(statement).next().is_some())
}

/// What several statements do; several with a transaction's begin or end among them are not taken apart.
fn of_texts<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Unit {
    let kinds: Vec<Unit> = texts.map(of_text).collect();
    match kinds.as_slice() {
        [one] => *one,
        several if several.iter().any(|kind| matches!(kind, Unit::Safe | Unit::Commits)) => Unit::Safe,
        several if several.contains(&Unit::Writes) => Unit::Writes,
        [] => Unit::Safe,
        _ => Unit::Reads,
    }
}

const SAFE: &[&str] = &[
    "BEGIN",
    "START",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "SET",
    "RESET",
    "SHOW",
    "DISCARD",
    "DEALLOCATE",
    "PREPARE",
    "LISTEN",
    "UNLISTEN",
    "NOTIFY",
    "CLOSE",
    "CHECKPOINT",
];
const READS: &[&str] = &["SELECT", "WITH", "VALUES", "TABLE", "FETCH", "MOVE", "DECLARE", "EXPLAIN"];
/// `SHARE` and `UPDATE` also stand behind the `FOR` of a `SELECT`.
const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE", "SHARE"];

fn of_text(sql: &[u8]) -> Unit {
    let mut tokens = Tokens::of(sql).skip_while(|&token| token == Token::Symbol(b'('));
    let Some(first) = tokens.next() else { return Unit::Safe };
    let chains = || Tokens::of(sql).any(|token| token.is_any(&["CHAIN", "PREPARED"]));
    match first {
        _ if first.is_any(&["COMMIT", "END"]) && !chains() => Unit::Commits,
        _ if first.is_any(SAFE) || first.is_any(&["COMMIT", "END"]) => Unit::Safe,
        _ if first.is_any(READS) => {
            let writes = Tokens::of(sql).any(|token| token.is_any(WRITES));
            if writes || raw_words(sql).any(takes_lock) { Unit::Writes } else { Unit::Reads }
        }
        _ => Unit::Writes,
    }
}

fn takes_lock(word: Token<'_>) -> bool {
    let Token::Word(word) = word else { return false };
    word.windows(b"advisory".len()).any(|window| window.eq_ignore_ascii_case(b"advisory"))
}

#[cfg(test)]
mod tests;
