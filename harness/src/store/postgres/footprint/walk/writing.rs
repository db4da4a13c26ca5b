//! Owns the way through statements that write: which rows, and whose.

use std::collections::BTreeSet;

use bytes::Bytes;
use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Insert, OnConflictAction, OnInsert, Query,
    SelectItem, SetExpr, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::super::deed::{Access, Unclear, Way};
use super::super::names;
use super::super::proof;
use super::super::schema::{Default, Table};
use super::{Named, Walk, Walked};

impl Walk<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Walked {
        let is_known = insert.or.is_none()
            && !insert.overwrite
            && insert.assignments.is_empty()
            && insert.partitioned.is_none()
            && insert.after_columns.is_empty()
            && insert.output.is_none()
            && !insert.replace_into
            && insert.multi_table_insert_type.is_none();
        let TableObject::TableName(name) = &insert.table else { return Err(Unclear::Everybody) };
        let index = self.resolve(name)?;
        let table = &self.schema.tables[index];
        if !is_known {
            return Err(Unclear::Everybody);
        }
        let columns: Option<Vec<usize>> = match insert.columns.as_slice() {
            [] => Some((0..table.columns.len()).collect()),
            names => names.iter().map(|name| table.column(&names::parts(name)?.1)).collect(),
        };
        let columns = columns.ok_or(Unclear::Everybody)?;
        let rows = insert.source.as_deref().and_then(plain_rows);
        match (&insert.source, &rows) {
            (_, Some(rows)) => {
                let given = rows.iter().flat_map(|row| row.iter()).filter(|value| !is_default(value));
                self.expressions(given)?;
            }
            (Some(query), None) => self.query(query, false)?,
            (None, None) => {}
        }
        self.defaults(table, &columns, rows.as_deref())?;
        let mut is_narrow = !table.has_further_keys && !table.is_entangled && table.connected.is_empty();
        if let Some(on) = &insert.on {
            is_narrow &= self.on_conflict(table, on)?;
        }
        let parts: Option<Vec<Bytes>> = rows
            .filter(|_| is_narrow)
            .and_then(|rows| rows.iter().map(|row| self.inserted(table, &columns, row)).collect());
        match parts {
            Some(parts) => {
                let access = |part| Access { table: index, part: Some(part), way: Way::Write };
                self.touches.accesses.extend(parts.into_iter().map(access));
            }
            None => self.write_all(index, true),
        }
        self.returning(insert.returning.as_deref())
    }

    /// What is drawn for the columns that are left out.
    fn defaults(&mut self, table: &Table, columns: &[usize], rows: Option<&[&[Expr]]>) -> Walked {
        for (index, column) in table.columns.iter().enumerate() {
            let place = columns.iter().position(|&named| named == index);
            let is_given = match (place, rows) {
                (None, _) => false,
                // A query gives as many values as it has columns, of which the rest may be left out.
                (Some(_), None) => column.default == Default::Harmless,
                (Some(place), Some(rows)) => {
                    rows.iter().all(|row| row.get(place).is_some_and(|value| !is_default(value)))
                }
            };
            match &column.default {
                Default::Sequence(sequence) if !is_given => {
                    self.touches.sequences.insert(sequence.clone());
                }
                Default::Unclear if !is_given => return Err(Unclear::Step),
                _ => {}
            }
        }
        Ok(())
    }

    /// The part of the table that is a new row.
    fn inserted(&self, table: &Table, columns: &[usize], row: &[Expr]) -> Option<Bytes> {
        if table.key.is_empty() {
            return None;
        }
        proof::part(table.key.iter().map(|key| {
            let place = columns.iter().position(|column| column == key)?;
            proof::value(table.columns[*key].kind, row.get(place)?, self.parameters)
        }))
    }

    /// Whether nothing but the row in the way is changed, and nothing of it that concerns others.
    fn on_conflict(&mut self, table: &Table, on: &OnInsert) -> Result<bool, Unclear> {
        let OnInsert::OnConflict(on) = on else { return Err(Unclear::Everybody) };
        match &on.action {
            OnConflictAction::DoNothing => Ok(true),
            OnConflictAction::DoUpdate(update) => {
                let changed = self.assignments(table, &update.assignments)?;
                self.expressions(&update.selection)?;
                Ok(changed.is_disjoint(&table.key_columns) && changed.is_disjoint(&table.reference_columns))
            }
        }
    }

    pub(super) fn update(&mut self, update: &Update) -> Walked {
        if update.output.is_some()
            || update.or.is_some()
            || !update.order_by.is_empty()
            || update.limit.is_some()
        {
            return Err(Unclear::Everybody);
        }
        let target = self.target(&update.table)?;
        let table = &self.schema.tables[target.table];
        let changed = self.assignments(table, &update.assignments)?;
        let mut is_alone = true;
        if let Some(UpdateTableFromKind::AfterSet(from) | UpdateTableFromKind::BeforeSet(from)) = &update.from
        {
            is_alone = from.is_empty();
            self.beside(from)?;
        }
        self.expressions(&update.selection)?;
        let concerns_others = table.is_entangled || !changed.is_disjoint(&table.key_columns);
        let refers = !changed.is_disjoint(&table.reference_columns);
        let is_narrow = is_alone && !concerns_others && !refers;
        if is_narrow && !table.has_checks && update.returning.is_none() {
            self.touches.sums = self.sums(table, update);
        }
        self.write(&target, update.selection.as_ref().filter(|_| is_narrow), refers);
        self.returning(update.returning.as_deref())
    }

    /// What an update of one row adds to it, if that is all.
    fn sums(&self, table: &Table, update: &Update) -> Option<Bytes> {
        if !proof::is_key_alone(table, update.selection.as_ref()) {
            return None;
        }
        let sum = |assignment: &Assignment| proof::sum(table, assignment, self.parameters);
        let sums: Vec<String> = update.assignments.iter().map(sum).collect::<Option<_>>()?;
        Some(sums.join(", ").into())
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Walked {
        let is_known = delete.tables.is_empty()
            && delete.output.is_none()
            && delete.order_by.is_empty()
            && delete.limit.is_none();
        let FromTable::WithFromKeyword(from) = &delete.from else { return Err(Unclear::Everybody) };
        let [from] = from.as_slice() else { return Err(Unclear::Everybody) };
        if !is_known {
            return Err(Unclear::Everybody);
        }
        let target = self.target(from)?;
        let table = &self.schema.tables[target.table];
        let using = delete.using.as_deref().unwrap_or_default();
        self.beside(using)?;
        self.expressions(&delete.selection)?;
        let refers = !table.connected.is_empty();
        let is_narrow = using.is_empty() && !table.has_further_keys && !table.is_entangled && !refers;
        self.write(&target, delete.selection.as_ref().filter(|_| is_narrow), refers);
        self.returning(delete.returning.as_deref())
    }

    /// The one table that a statement changes.
    fn target(&mut self, from: &TableWithJoins) -> Result<Named, Unclear> {
        let (mut tables, hidden) = (Vec::new(), std::mem::take(&mut self.named));
        let others = self.from(from, &mut tables)?;
        self.named = hidden;
        match (tables.pop(), others) {
            (Some(target), 0) if tables.is_empty() => Ok(target),
            _ => Err(Unclear::Everybody),
        }
    }

    /// Tables that are read beside the one that is changed.
    fn beside(&mut self, from: &[TableWithJoins]) -> Walked {
        let mut tables = Vec::new();
        for from in from {
            self.from(from, &mut tables)?;
        }
        for Named { table, .. } in tables {
            self.touches.shown.insert(table);
            self.touches.accesses.push(Access { table, part: None, way: Way::Read });
        }
        Ok(())
    }

    /// Takes note of a change of the rows that meet `condition`, if nothing else is concerned.
    fn write(&mut self, target: &Named, condition: Option<&Expr>, refers: bool) {
        let table = &self.schema.tables[target.table];
        let qualifiers = [target.qualifier.clone()];
        match proof::row(table, &qualifiers, condition, self.parameters) {
            Some(part) => {
                self.touches.accesses.push(Access { table: target.table, part: Some(part), way: Way::Write });
            }
            None => {
                // Several rows are locked in the order in which they lie.
                self.touches.shown.insert(target.table);
                self.write_all(target.table, refers);
            }
        }
    }

    fn write_all(&mut self, index: usize, refers: bool) {
        let connected = self.schema.tables[index].connected.iter().filter(|_| refers);
        let tables: BTreeSet<usize> = connected.copied().chain(Some(index)).collect();
        for table in tables {
            self.touches.accesses.push(Access { table, part: None, way: Way::Write });
            if table != index {
                // A cascade goes through the rows as they lie.
                self.touches.shown.insert(table);
            }
        }
    }

    /// The columns that are set.
    fn assignments(&mut self, table: &Table, assignments: &[Assignment]) -> Result<BTreeSet<usize>, Unclear> {
        let mut changed = BTreeSet::new();
        for assignment in assignments {
            if !is_default(&assignment.value) {
                self.expression(&assignment.value)?;
            }
            let names = match &assignment.target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names.as_slice(),
            };
            for name in names {
                let (None, name) = names::parts(name).ok_or(Unclear::Everybody)? else {
                    return Err(Unclear::Everybody);
                };
                let column = table.column(&name).ok_or(Unclear::Everybody)?;
                if is_default(&assignment.value) && table.columns[column].default != Default::Harmless {
                    return Err(Unclear::Step);
                }
                changed.insert(column);
            }
        }
        Ok(changed)
    }

    fn returning(&mut self, items: Option<&[SelectItem]>) -> Walked {
        self.items(items.unwrap_or_default())
    }
}

/// The rows of a plain `VALUES`.
fn plain_rows(query: &Query) -> Option<Vec<&[Expr]>> {
    let is_plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    match &*query.body {
        SetExpr::Values(values) if is_plain && query.fetch.is_none() && query.locks.is_empty() => {
            Some(values.rows.iter().map(|row| row.content.as_slice()).collect())
        }
        _ => None,
    }
}

fn is_default(value: &Expr) -> bool {
    matches!(value, Expr::Identifier(name) if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("default"))
}
