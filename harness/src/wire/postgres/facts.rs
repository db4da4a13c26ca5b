//! Owns [`Facts`]: what an SQL text may do, as far as its words show.
//!
//! What a function does that a `SELECT` calls is not seen here.

use super::sql::{Token, Tokens, raw_words};

/// What the statements of a text may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// One reads before it writes, so that it can be stopped in between.
    pub(super) splits: bool,
    /// One begins to listen.
    pub(super) listens: bool,
    /// The last word about listening was to stop it.
    pub(super) hushes: bool,
    /// One locks the structure of the data until its transaction ends.
    pub(super) excludes: bool,
    /// One may change the structure of the data, or what is stored besides it.
    pub(super) restructures: bool,
    /// One may take a lock that the session keeps.
    pub(super) keeps_locks: bool,
    /// One lets all such locks go.
    pub(super) drops_locks: bool,
}

const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE"];

const EXCLUDES: &[&str] =
    &["LOCK", "ALTER", "DROP", "TRUNCATE", "REINDEX", "CLUSTER", "REFRESH", "VACUUM", "CREATE"];

const RESTRUCTURES: &[&str] = &[
    "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "COMMENT", "SECURITY", "REASSIGN", "IMPORT", "REINDEX",
    "CLUSTER",
];

impl Facts {
    /// The facts of a text, which may have several statements.
    pub(super) fn of(sql: &[u8]) -> Self {
        let mut facts = Self::default();
        let mut tokens = Tokens::of(sql);
        while !tokens.rest.is_empty() {
            let from = tokens;
            let ended = tokens.any(|token| token == Token::Symbol(b';'));
            let length = from.rest.len() - tokens.rest.len() - usize::from(ended);
            facts.add(Self::of_statement(&from.rest[..length]));
        }
        facts
    }

    /// The facts of a statement whose text is not known.
    pub(super) fn unknown() -> Self {
        Self { splits: true, ..Self::default() }
    }

    /// Adds what comes later.
    pub(super) fn add(&mut self, later: Self) {
        self.splits |= later.splits;
        self.listens = (self.listens && !later.hushes) || later.listens;
        self.hushes = (self.hushes && !later.listens) || later.hushes;
        self.excludes |= later.excludes;
        self.restructures |= later.restructures;
        self.keeps_locks = (self.keeps_locks && !later.drops_locks) || later.keeps_locks;
        self.drops_locks = (self.drops_locks && !later.keeps_locks) || later.drops_locks;
    }

    fn of_statement(sql: &[u8]) -> Self {
        let mut tokens = Tokens::of(sql).skip_while(|&token| token == Token::Symbol(b'('));
        let Some(first) = tokens.next() else { return Self::default() };
        let second = tokens.next();
        let second_is = |word| second.is_some_and(|token| token.is(word));
        let discards = first.is("DISCARD") && second_is("ALL");
        let mentions = |part: &str| raw_words(sql).any(|word| contains(word, part));
        let temporary = first.is("CREATE") && temporary(sql);
        Self {
            splits: splits(first, sql),
            listens: first.is("LISTEN"),
            hushes: discards || (first.is("UNLISTEN") && second == Some(Token::Symbol(b'*'))),
            excludes: (first.is_any(EXCLUDES) && !temporary) || runs_code(first, sql, EXCLUDES),
            restructures: (first.is_any(RESTRUCTURES) && !temporary)
                || runs_code(first, sql, RESTRUCTURES)
                || (first.is_any(&["SELECT", "WITH"]) && selects_into(sql)),
            keeps_locks: mentions("advisory_lock"),
            drops_locks: discards || (mentions("advisory_unlock_all") && !mentions("advisory_lock")),
        }
    }
}

fn contains(word: Token<'_>, part: &str) -> bool {
    let Token::Word(word) = word else { return false };
    word.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a statement may write rows after it has read some.
fn splits(first: Token<'_>, sql: &[u8]) -> bool {
    let writes = || Tokens::of(sql).any(|token| token.is_any(WRITES));
    match first {
        _ if first.is_any(&["UPDATE", "DELETE", "MERGE", "CALL", "DO", "EXECUTE"]) => true,
        _ if first.is("INSERT") => !inserts_plain_values(sql),
        _ if first.is("WITH") => writes(),
        _ if first.is("EXPLAIN") => writes() && Tokens::of(sql).any(|token| token.is("ANALYZE")),
        _ => false,
    }
}

/// Whether an `INSERT` has nothing but constants, parameters and operators as its values.
fn inserts_plain_values(sql: &[u8]) -> bool {
    let mut tokens = Tokens::of(sql);
    if tokens.any(|token| token.is_any(&["SELECT", "WITH", "TABLE", "EXECUTE"])) {
        return false;
    }
    let mut tokens = Tokens::of(sql);
    if !tokens.any(|token| token.is("VALUES")) {
        return false;
    }
    let (mut before, mut last) = (None, None);
    for token in tokens.by_ref() {
        let named = matches!(last, Some(Token::Word(_) | Token::Quoted));
        // The size in `'1'::numeric(10, 2)` is no call.
        let sized = before == Some(Token::Symbol(b':'));
        if token == Token::Symbol(b'(') && named && !sized {
            return false;
        }
        if token.is_any(&["ON", "RETURNING"]) {
            // `ON CONFLICT … DO UPDATE` reads the row that is in the way.
            return !tokens.any(|token| token.is("UPDATE"));
        }
        (before, last) = (last, Some(token));
    }
    true
}

/// Whether a `CREATE` makes something that only its session sees.
fn temporary(sql: &[u8]) -> bool {
    let leads = |token: &Token<'_>| token.is_any(&["CREATE", "OR", "REPLACE", "GLOBAL", "LOCAL"]);
    Tokens::of(sql).find(|token| !leads(token)).is_some_and(|token| token.is_any(&["TEMP", "TEMPORARY"]))
}

/// Whether a statement is code, or calls some, in whose text one of `words` stands.
fn runs_code(first: Token<'_>, sql: &[u8], words: &[&str]) -> bool {
    first.is_any(&["DO", "CALL"]) && raw_words(sql).any(|word| word.is_any(words))
}

/// Whether a `SELECT` makes a table of its result.
fn selects_into(sql: &[u8]) -> bool {
    let mut inserts = false;
    let mut tokens = Tokens::of(sql);
    let found = tokens.any(|token| {
        // The word belongs to the `INSERT` or `MERGE` right before it.
        let into = token.is("INTO") && !inserts;
        inserts = token.is_any(&["INSERT", "MERGE"]);
        into
    });
    found && !tokens.next().is_some_and(|token| token.is_any(&["TEMP", "TEMPORARY"]))
}

#[cfg(test)]
mod tests;
