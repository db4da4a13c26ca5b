//! Owns [`Schema`]: the structure of the data as far as it decides what statements touch.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::super::batch::numbers;
use super::super::catalog::in_sql;
use super::super::exchange::Answers;
use super::super::row::Row;
use super::names;
use crate::isolation::Isolation;

/// What is known of a database.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    /// Functions that are not the server's own.
    user_functions: BTreeSet<String>,
    /// The server's own functions whose result depends on their arguments and on the tables that are read, and on nothing else.
    safe_functions: BTreeSet<String>,
    /// Whether there are operators, casts or settings by which a statement may mean something else than it says.
    pub(super) is_odd: bool,
    /// The level of transactions that name none, if the database says so.
    pub(super) level: Option<Isolation>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    schema: String,
    pub(super) name: String,
    /// Its committed rows, as an object of footprints.
    pub(super) rows: Bytes,
    /// What transactions have locked or written of it and not committed.
    pub(super) locks: Bytes,
    /// Whether statements on it do more than they say, or it is no plain table.
    pub(super) is_odd: bool,
    pub(super) columns: Vec<Column>,
    /// The positions of the columns of its primary key.
    pub(super) key: Vec<usize>,
    /// Whether rows must be unique in other ways than by the primary key.
    pub(super) has_further_keys: bool,
    /// Columns whose change concerns other rows: they are part of a key.
    pub(super) key_columns: BTreeSet<usize>,
    /// Columns that refer to other tables, or are referred to.
    pub(super) reference_columns: BTreeSet<usize>,
    /// Tables that are connected with it by references, it included; empty if there are none.
    pub(super) connected: Vec<usize>,
    /// Whether every change may concern other rows.
    pub(super) is_entangled: bool,
    /// Whether rows are refused by their values.
    pub(super) has_checks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) default: Default,
}

/// How the values of a column are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    /// Equal only if all bytes are. At most so many characters, if that is limited.
    Text(Option<usize>),
    Uuid,
    /// A moment or a truth value, of which equal ones look alike.
    Plain,
    Other,
}

/// What an `INSERT` does that leaves the column out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Default {
    Harmless,
    /// It draws from this sequence.
    Sequence(Bytes),
    Unclear,
}

/// The questions whose answers [`Schema::read`] reads.
pub(super) const QUESTIONS: [&str; 7] =
    [RELATIONS_SQL, COLUMNS_SQL, INDEXES_SQL, CHECKS_SQL, REFERENCES_SQL, USER_FUNCTIONS_SQL, ODDITIES_SQL];

const OURS: &str = "raceproof";

/// Schema, name, id, and whether it is anything but a plain table.
const RELATIONS_SQL: &str = "
    SELECT n.nspname, c.relname, c.oid,
        c.relkind <> 'r' OR c.relispartition OR c.relrowsecurity OR c.relhasrules OR c.relpersistence = 't'
        OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
        OR EXISTS (SELECT FROM pg_trigger t
            WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgname <> ' raceproof_split')
        OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.condeferrable)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') AND n.nspname NOT IN ('information_schema', 'raceproof')
        AND n.nspname !~ '^pg_'
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/// Relation, number, name, type, length, whether equal texts have equal bytes, whether the type is made by users and no
/// enumeration, default, identity, generation.
const COLUMNS_SQL: &str = "
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,
        coalesce((SELECT collisdeterministic FROM pg_collation l WHERE l.oid = a.attcollation), true),
        a.atttypid >= 16384 AND t.typtype <> 'e', pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum";

/// Relation, whether it is the primary key, whether it keeps rows apart, its columns, its expressions.
const INDEXES_SQL: &str = "
    SELECT i.indrelid, i.indisprimary, i.indisunique OR i.indisexclusion, array_to_string(i.indkey::int2[], ','),
        pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
    FROM pg_index i WHERE i.indrelid >= 16384";

const CHECKS_SQL: &str = "
    SELECT conrelid, pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0";

const REFERENCES_SQL: &str =
    "SELECT conrelid, conkey::text, confrelid, confkey::text FROM pg_constraint WHERE contype = 'f'";

const USER_FUNCTIONS_SQL: &str = "
    SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'raceproof')";

/// Whether there is anything by which plain SQL could mean something else, and the level of transactions that name none.
const ODDITIES_SQL: &str = "
    SELECT EXISTS (SELECT FROM pg_operator WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_cast WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_event_trigger)
        OR EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS c
            WHERE s.setrole <> 0
                OR (c NOT LIKE 'default_transaction_isolation=%' AND c NOT LIKE 'synchronous_commit=%')),
        EXISTS (SELECT FROM pg_namespace WHERE nspname IN (SELECT rolname FROM pg_roles)),
        (SELECT reset_val FROM pg_settings WHERE name = 'search_path'),
        (SELECT reset_val FROM pg_settings WHERE name = 'standard_conforming_strings'),
        (SELECT split_part(c, '=', 2)
            FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
            WHERE d.datname = current_database() AND s.setrole = 0 AND c LIKE 'default_transaction_isolation=%')";

/// Functions of the server's own that are called with arguments only. Of those that also depend on settings, or on the time,
/// only the names that are asked for.
pub(super) fn functions_sql() -> String {
    let names: Vec<String> = names::STABLE.iter().map(|name| format!("'{name}'")).collect();
    format!(
        "SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
        GROUP BY p.proname
        HAVING bool_and(l.lanname IN ('internal', 'c')
            AND (p.provolatile = 'i' OR p.proname IN ({})))",
        names.join(", ")
    )
}

impl Schema {
    /// A database of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { is_odd: true, ..Self::default() }
    }

    /// The schema that the answers to [`QUESTIONS`] tell of. `None` if they are not what was expected.
    pub(super) fn read(answers: &Answers, safe_functions: BTreeSet<String>) -> Option<Self> {
        let [relations, columns, indexes, checks, references, functions, oddities] = answers.as_slice()
        else {
            return None;
        };
        let user_functions = functions.iter().map(|row| row.text(0).into_owned()).collect();
        let mut schema = Self { user_functions, safe_functions, ..Self::default() };
        let oddities = oddities.first()?;
        let is_plain = oddities.text(2) == "\"$user\", public" && oddities.text(3) == "on";
        schema.is_odd = oddities.is_true(0) || oddities.is_true(1) || !is_plain;
        schema.level = match &*oddities.text(4) {
            "" => None,
            level => Some(isolation(level)),
        };
        let mut ids = BTreeMap::new();
        for row in relations {
            ids.insert(row.number::<u32>(2)?, schema.tables.len());
            schema.tables.push(Table::of(&row.text(0), &row.text(1), row.is_true(3)));
        }
        // The positions of columns by their numbers.
        let mut places = vec![BTreeMap::new(); schema.tables.len()];
        for row in columns {
            if let Some(&table) = ids.get(&row.number::<u32>(0)?) {
                let column = schema.column(row);
                places[table].insert(row.number::<i64>(1)?, schema.tables[table].columns.len());
                let is_computed = !row.text(9).is_empty();
                schema.tables[table].is_odd |= row.is_true(6) || (is_computed && !schema.is_harmless(row, 7));
                schema.tables[table].is_entangled |= is_computed;
                schema.tables[table].columns.push(column);
            }
        }
        for row in indexes {
            if let Some(&table) = ids.get(&row.number::<u32>(0)?) {
                let is_harmless = schema.is_harmless(row, 4) && schema.is_harmless(row, 5);
                schema.tables[table].take_index(row, &places[table], is_harmless);
            }
        }
        for row in checks {
            if let Some(&table) = ids.get(&row.number::<u32>(0)?) {
                schema.tables[table].is_odd |= !schema.is_harmless(row, 1);
                schema.tables[table].has_checks = true;
            }
        }
        schema.connect(references, &ids, &places)?;
        Some(schema)
    }

    fn column(&self, row: &Row) -> Column {
        let length = row.number::<i64>(4).and_then(|modifier| usize::try_from(modifier - 4).ok());
        let kind = match row.number::<u32>(3) {
            Some(20 | 21 | 23) => Kind::Integer,
            Some(25) if row.is_true(5) => Kind::Text(None),
            Some(1043) if row.is_true(5) => Kind::Text(length),
            Some(2950) => Kind::Uuid,
            Some(16 | 1082 | 1083 | 1114 | 1184) => Kind::Plain,
            _ => Kind::Other,
        };
        let name = row.text(2).into_owned();
        let text = row.text(7);
        let default = match row.text(8).is_empty() {
            false => Default::Sequence(format!("identity {} {}", row.text(0), row.text(1)).into()),
            true => match names::sequence(&text) {
                Some(sequence) => Default::Sequence(format!("sequence {sequence}").into()),
                None if text.is_empty() || self.is_harmless(row, 7) => Default::Harmless,
                None => Default::Unclear,
            },
        };
        Column { name, kind, default }
    }

    /// Whether the expression at `index`, which may be missing, depends on nothing but the row.
    fn is_harmless(&self, row: &Row, index: usize) -> bool {
        let text = row.text(index);
        text.is_empty() || super::walk::is_harmless(self, &text)
    }

    fn connect(
        &mut self,
        references: &[Row],
        ids: &BTreeMap<u32, usize>,
        places: &[BTreeMap<i64, usize>],
    ) -> Option<()> {
        let mut pairs = Vec::new();
        for row in references {
            let (Some(&from), Some(&to)) = (ids.get(&row.number(0)?), ids.get(&row.number(2)?)) else {
                continue;
            };
            for (table, index) in [(from, 1), (to, 3)] {
                let columns = numbers(&row.text(index));
                let columns =
                    columns.iter().filter_map(|number| places[table].get(&i64::try_from(*number).ok()?));
                self.tables[table].reference_columns.extend(columns.copied());
            }
            pairs.push((from, to));
        }
        let mut groups: Vec<BTreeSet<usize>> = Vec::new();
        for (from, to) in pairs {
            let (mut joined, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|group| group.contains(&from) || group.contains(&to));
            joined.push([from, to].into());
            groups = apart;
            groups.push(joined.into_iter().flatten().collect());
        }
        for group in groups {
            for table in &group {
                self.tables[*table].connected = group.iter().copied().collect();
            }
        }
        Some(())
    }

    /// The plain table called so, with or without its schema. `None` if it is none, or could be another one.
    pub(super) fn table(&self, schema: Option<&str>, name: &str) -> Option<usize> {
        let named = |table: &Table| table.name == name && schema.is_none_or(|schema| table.schema == schema);
        let mut found = self.tables.iter().enumerate().filter(|(_, table)| named(table));
        let (index, table) = found.next()?;
        let is_plain = !table.is_odd && (schema.is_some() || table.schema == "public");
        (found.next().is_none() && is_plain && !name.starts_with("pg_")).then_some(index)
    }

    /// Whether a function called so is the server's own, and depends on nothing but its arguments.
    pub(super) fn is_safe(&self, function: &str) -> bool {
        !self.is_users(function)
            && (self.safe_functions.contains(function) || names::SYNTAX.contains(&function))
    }

    /// Whether users have made a function called so.
    pub(super) fn is_users(&self, function: &str) -> bool {
        self.user_functions.contains(function)
    }
}

/// The level that the server calls so; the strictest if there is none.
pub(in super::super) fn isolation(name: &str) -> Isolation {
    match name {
        "read committed" | "read uncommitted" => Isolation::ReadCommitted,
        "repeatable read" => Isolation::RepeatableRead,
        _ => Isolation::Serializable,
    }
}

impl Table {
    fn of(schema: &str, name: &str, is_odd: bool) -> Self {
        Self {
            schema: schema.to_owned(),
            name: name.to_owned(),
            rows: format!("rows {schema}.{name}").into(),
            locks: format!("locks {schema}.{name}").into(),
            is_odd: is_odd || schema == OURS,
            ..Self::default()
        }
    }

    /// What it is called in statements.
    pub(super) fn quoted(&self) -> String {
        in_sql(&self.schema, &self.name)
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn take_index(&mut self, row: &Row, places: &BTreeMap<i64, usize>, is_harmless: bool) {
        let numbers = row.text(3);
        let place = |number: &str| places.get(&number.parse().ok()?).copied();
        let columns: Option<Vec<usize>> = numbers.split(',').map(place).collect();
        self.is_odd |= !is_harmless;
        let (is_primary, keeps_apart) = (row.is_true(1), row.is_true(2));
        if keeps_apart {
            self.has_further_keys |= !is_primary;
            match columns {
                Some(columns) if row.text(5).is_empty() => {
                    if is_primary {
                        self.key.clone_from(&columns);
                    }
                    self.key_columns.extend(columns);
                }
                // Any column may be part of the expression.
                _ => self.is_entangled = true,
            }
        }
    }
}
