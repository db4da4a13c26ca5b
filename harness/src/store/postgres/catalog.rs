//! Owns what the server says about the structure of the data: tables, their columns and keys, and sequences.

use super::batch::quoted;
use super::row::Row;

/// The schema in which we keep what is ours.
pub(super) const OWN_SCHEMA: &str = "raceproof";

/// One row for each column of each ordinary table, and one for a table that has none.
pub(super) const TABLES_SQL: &str = "
    SELECT n.nspname, c.relname, a.attname, a.attgenerated <> '',
        array_position(i.indkey::int2[], a.attnum),
        EXISTS (SELECT FROM unnest(c.reloptions) AS o WHERE o LIKE 'fillfactor=%')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'raceproof')
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum";

/// One row for each sequence.
pub(super) const SEQUENCES_SQL: &str = "
    SELECT n.nspname, c.relname
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'raceproof')
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/// One row for each foreign key: the schema and the name of the table that has it, and of the one that it refers to.
pub(super) const REFERENCES_SQL: &str = "
    SELECT n.nspname, c.relname, fn.nspname, f.relname
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    WHERE k.contype = 'f'";

/// A table, an ordinary one or the leaf of a partitioned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// What it is called in a state: with its schema unless that is `public`.
    pub(super) name: String,
    /// What it is called in statements.
    pub(super) quoted: String,
    pub(super) columns: Vec<Column>,
    /// Which columns are its primary key, in the key's order.
    pub(super) key: Vec<usize>,
    /// Whether its pages are to be kept partly empty.
    pub(super) has_fill_factor: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Whether its value is computed from the others, so that it cannot be inserted.
    pub(super) is_generated: bool,
}

impl Table {
    /// The columns that can be inserted, for a statement; empty if there are none.
    pub(super) fn insertable(&self) -> String {
        let columns = self.columns.iter().filter(|column| !column.is_generated);
        columns.map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }
}

/// The tables from the rows that [`TABLES_SQL`] gives.
pub(super) fn tables(rows: &[Row]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut keys: Vec<Vec<(i32, usize)>> = Vec::new();
    for row in rows {
        let (schema, name) = (row.text(0), row.text(1));
        let in_sql = in_sql(&schema, &name);
        if tables.last().is_none_or(|last| last.quoted != in_sql) {
            let (name, has_fill_factor) = (shown(&schema, &name), row.is_true(5));
            tables.push(Table {
                name,
                quoted: in_sql,
                columns: Vec::new(),
                key: Vec::new(),
                has_fill_factor,
            });
            keys.push(Vec::new());
        }
        let (Some(table), Some(key)) = (tables.last_mut(), keys.last_mut()) else { continue };
        if row.values().nth(2).flatten().is_some() {
            key.extend(row.number(4).map(|place| (place, table.columns.len())));
            table.columns.push(Column { name: row.text(2).into_owned(), is_generated: row.is_true(3) });
        }
    }
    for (table, mut key) in tables.iter_mut().zip(keys) {
        key.sort_unstable();
        table.key = key.into_iter().map(|(_, column)| column).collect();
    }
    tables
}

/// The tables so that each comes behind those that it refers to, as far as they do not refer to each other, from the
/// rows that [`REFERENCES_SQL`] gives.
pub(super) fn in_order(mut tables: Vec<Table>, references: &[Row]) -> Vec<Table> {
    let read = |row: &Row| (in_sql(&row.text(0), &row.text(1)), in_sql(&row.text(2), &row.text(3)));
    let references: Vec<(String, String)> =
        references.iter().map(read).filter(|(from, to)| from != to).collect();
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &Table| {
            let referred = references.iter().filter(|(from, _)| *from == table.quoted).map(|(_, to)| to);
            referred.into_iter().any(|to| tables.iter().any(|other| other.quoted == *to))
        };
        // Where all refer to each other, any order is as good.
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

/// A table or a sequence as it is written in statements.
pub(super) fn in_sql(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}

/// The statement that takes a table's lock for reading, or is refused at once if somebody has locked it against that. A
/// time-out would do by the server's clock, which may stand still.
pub(super) fn lock_sql(quoted: &str) -> String {
    format!("LOCK TABLE ONLY {quoted} IN ACCESS SHARE MODE NOWAIT")
}

/// A table or a sequence as people write it.
pub(super) fn shown(schema: &str, name: &str) -> String {
    if schema == "public" { name.to_owned() } else { format!("{schema}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    #[test]
    fn rows_of_the_catalogue_become_tables() {
        let of = |schema, table, column, generated, place| {
            row(&[Some(schema), Some(table), column, generated, place, Some("f")])
        };
        let tables = tables(&[
            of("public", "a", Some("x"), Some("f"), Some("1")),
            of("public", "a", Some("y"), Some("t"), None),
            of("public", "a", Some("Z"), Some("f"), Some("0")),
            of("shop", "a", None, None, None),
        ]);
        assert_eq!(tables.len(), 2);
        assert_eq!((tables[0].name.as_str(), tables[0].quoted.as_str()), ("a", r#""public"."a""#));
        assert_eq!((tables[0].key.clone(), tables[0].insertable()), (vec![2, 0], r#""x", "Z""#.to_owned()));
        assert_eq!((tables[1].name.as_str(), tables[1].columns.len()), ("shop.a", 0));
    }
    #[test]
    fn a_table_comes_behind_those_that_it_refers_to() {
        let rows = ["a", "b", "c"].map(|name| row(&[Some("s"), Some(name), None, None, None, Some("f")]));
        let refers = |from, to| row(&[Some("s"), Some(from), Some("s"), Some(to)]);
        let names = |references: &[Row]| {
            in_order(tables(&rows), references).into_iter().map(|table| table.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["s.a", "s.b", "s.c"]);
        assert_eq!(names(&[refers("a", "b"), refers("b", "c"), refers("c", "c")]), ["s.c", "s.b", "s.a"]);
        assert_eq!(names(&[refers("a", "b"), refers("b", "a")]), ["s.c", "s.a", "s.b"]);
    }
}
