//! Owns what a connection has prepared: [`Prepared`] while it lives, and [`Statements`], what one batch
//! refers to.

use super::facts::Facts;
use super::fields::longs;
use super::message::Column;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Most statements, and most portals, that are remembered; the oldest is forgotten first.
const REMEMBERED_MAX: usize = 10_000;

/// A prepared statement; what the server says about it is added when it comes.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: Box<[u8]>,
    pub(super) facts: Facts,
    /// The types of its parameters that the client has said, four bytes each.
    declared_types: Box<[u8]>,
    /// The types of its parameters.
    pub(super) parameter_types: OnceLock<Vec<u32>>,
    /// The columns of its result.
    pub(super) columns: OnceLock<Vec<Column>>,
}

impl Statement {
    pub(super) fn new(sql: &[u8], declared_types: &[u8]) -> Self {
        Self {
            sql: sql.into(),
            facts: Facts::of(sql),
            declared_types: declared_types.into(),
            parameter_types: OnceLock::new(),
            columns: OnceLock::new(),
        }
    }

    /// The type of a parameter, if it is known.
    pub(super) fn parameter_type(&self, index: usize) -> Option<u32> {
        let told = self.parameter_types.get().and_then(|types| types.get(index).copied());
        told.or_else(|| longs(&self.declared_types).nth(index)).filter(|&id| id != 0)
    }
}

/// What one message refers to: a statement, or a portal made of one.
#[derive(Debug, Clone, Default)]
pub(super) struct Reference {
    /// `None` if it was never seen, or is forgotten.
    pub(super) statement: Option<Arc<Statement>>,
    /// The format codes of a portal's result, two bytes each.
    pub(super) result_formats: Arc<[u8]>,
}

/// What the messages of a batch refer to: one entry for each `Bind`, `Describe`, `Execute` and `Close`, in
/// order.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    pub(super) references: Vec<Reference>,
    /// For each `Execute`, which of the entries is its own.
    pub(super) executed: Vec<usize>,
}

/// The statements and portals of a connection.
#[derive(Debug)]
pub(super) struct Prepared {
    statements: Remembered,
    portals: Remembered,
}

impl Prepared {
    /// Remembers texts of `bytes_max` bytes at most.
    pub(super) fn new(bytes_max: usize) -> Self {
        let empty = || Remembered { bytes_max, ..Remembered::default() };
        Self { statements: empty(), portals: empty() }
    }

    pub(super) fn prepare(&mut self, name: &[u8], sql: &[u8], declared_types: &[u8]) {
        let statement = Some(Arc::new(Statement::new(sql, declared_types)));
        let bytes = sql.len() + declared_types.len();
        self.statements.insert(name, Reference { statement, ..Reference::default() }, bytes);
    }

    pub(super) fn bind(&mut self, portal: &[u8], statement: &[u8], result_formats: &[u8]) -> Reference {
        let reference = Reference { result_formats: result_formats.into(), ..self.statement(statement) };
        self.portals.insert(portal, reference.clone(), result_formats.len());
        reference
    }

    pub(super) fn statement(&self, name: &[u8]) -> Reference {
        self.statements.get(name)
    }

    pub(super) fn portal(&self, name: &[u8]) -> Reference {
        self.portals.get(name)
    }

    pub(super) fn close_statement(&mut self, name: &[u8]) {
        self.statements.remove(name);
    }

    pub(super) fn close_portal(&mut self, name: &[u8]) {
        self.portals.remove(name);
    }
}

/// References by name, with an end to how many.
#[derive(Debug, Default)]
struct Remembered {
    by_name: BTreeMap<Box<[u8]>, Entry>,
    /// The names, the oldest first.
    by_age: BTreeMap<u64, Box<[u8]>>,
    next: u64,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    age: u64,
    bytes: usize,
    reference: Reference,
}

impl Remembered {
    fn get(&self, name: &[u8]) -> Reference {
        self.by_name.get(name).map(|entry| entry.reference.clone()).unwrap_or_default()
    }

    fn insert(&mut self, name: &[u8], reference: Reference, bytes: usize) {
        self.remove(name);
        let (age, bytes) = (self.next, bytes + name.len());
        self.next += 1;
        self.bytes += bytes;
        self.by_age.insert(age, name.into());
        self.by_name.insert(name.into(), Entry { age, bytes, reference });
        while self.by_name.len() > REMEMBERED_MAX || self.bytes > self.bytes_max {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, name: &[u8]) {
        if let Some(entry) = self.by_name.remove(name) {
            self.by_age.remove(&entry.age);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(reference: &Reference) -> Option<&[u8]> {
        reference.statement.as_ref().map(|statement| &statement.sql[..])
    }

    #[test]
    fn a_portal_outlives_the_name_of_its_statement() {
        let mut prepared = Prepared::new(1000);
        prepared.prepare(b"s", b"SELECT 1", b"");
        prepared.bind(b"p", b"s", b"\0\x01");
        prepared.close_statement(b"s");
        assert_eq!(sql(&prepared.statement(b"s")), None);
        assert_eq!(sql(&prepared.portal(b"p")), Some(&b"SELECT 1"[..]));
        assert_eq!(&*prepared.portal(b"p").result_formats, b"\0\x01");
    }

    #[test]
    fn a_statement_prepared_again_is_the_new_one() {
        let mut prepared = Prepared::new(1000);
        prepared.prepare(b"", b"SELECT 1", b"");
        prepared.prepare(b"", b"SELECT 2", b"");
        assert_eq!(sql(&prepared.statement(b"")), Some(&b"SELECT 2"[..]));
    }

    #[test]
    fn the_oldest_statements_are_forgotten_by_number_and_by_size() {
        let mut prepared = Prepared::new(1 << 20);
        for number in 0..=REMEMBERED_MAX {
            prepared.prepare(number.to_string().as_bytes(), b"SELECT 1", b"");
        }
        assert_eq!(sql(&prepared.statement(b"0")), None);
        assert!(sql(&prepared.statement(b"1")).is_some());
        let mut prepared = Prepared::new(20);
        prepared.prepare(b"a", b"0123456789", b"");
        prepared.prepare(b"b", b"0123456789", b"");
        assert_eq!((sql(&prepared.statement(b"a")), prepared.statements.bytes), (None, 11));
    }
}
