//! Owns [`Walk`]: the way through a statement that finds every table it names, and stops at whatever is not known.

mod expression;
mod writing;

use sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderByKind,
    Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableFactor, TableWithJoins,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::deed::{Access, Touches, Unclear, Way};
use super::names;
use super::order::Reading;
use super::proof::{self, Parameters};
use super::schema::Schema;

/// Deepest nesting that is followed.
const DEPTH_MAX: usize = 64;

/// Where a walk is, and what it has met.
pub(super) struct Walk<'a> {
    schema: &'a Schema,
    parameters: Parameters<'a>,
    /// What `WITH` has named.
    named: Vec<String>,
    /// How many queries around lock what they read.
    locking: usize,
    depth: usize,
    touches: Touches,
}

type Walked = Result<(), Unclear>;

/// A table that a query names, and what it is called there.
struct Named {
    table: usize,
    qualifier: String,
}

/// Whether an expression depends on nothing but the row that it is about.
pub(super) fn is_harmless(schema: &Schema, expression: &str) -> bool {
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, &format!("SELECT {expression}")) else {
        return false;
    };
    let mut walk = Walk::new(schema, &[]);
    statements.len() == 1 && walk.statement(&statements[0]).is_ok() && walk.touches == Touches::default()
}

impl<'a> Walk<'a> {
    pub(super) fn new(schema: &'a Schema, parameters: Parameters<'a>) -> Self {
        Self { schema, parameters, named: Vec::new(), locking: 0, depth: 0, touches: Touches::default() }
    }

    pub(super) fn finish(mut self) -> Touches {
        self.touches.accesses.sort();
        self.touches.accesses.dedup();
        self.touches
    }

    pub(super) fn statement(&mut self, statement: &Statement) -> Walked {
        match statement {
            Statement::Query(query) => self.query(query, false),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => Err(Unclear::Everybody),
        }
    }

    /// `in_exists`: only the presence of a row is asked for.
    fn query(&mut self, query: &Query, in_exists: bool) -> Walked {
        let is_known = query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        self.depth += 1;
        if !is_known || self.depth > DEPTH_MAX {
            return Err(Unclear::Everybody);
        }
        let before = self.named.len();
        let locks = usize::from(!query.locks.is_empty());
        self.locking += locks;
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                self.cte(cte, with.recursive)?;
            }
        }
        self.body(&query.body, query, in_exists)?;
        if let Some(order) = &query.order_by {
            let OrderByKind::Expressions(by) = &order.kind else { return Err(Unclear::Everybody) };
            by.iter().try_for_each(|by| self.expression(&by.expr))?;
        }
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
                limit.iter().try_for_each(|limit| self.expression(limit))?;
                offset.iter().try_for_each(|offset| self.expression(&offset.value))?;
            }
            Some(_) => return Err(Unclear::Everybody),
        }
        if let Some(count) = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
            self.expression(count)?;
        }
        self.locking -= locks;
        self.named.truncate(before);
        self.depth -= 1;
        Ok(())
    }

    fn cte(&mut self, cte: &Cte, is_recursive: bool) -> Walked {
        let name = names::folded(&cte.alias.name).ok_or(Unclear::Everybody)?;
        if is_recursive {
            self.named.push(name);
            return self.query(&cte.query, false);
        }
        self.query(&cte.query, false)?;
        self.named.push(name);
        Ok(())
    }

    fn body(&mut self, body: &SetExpr, query: &Query, in_exists: bool) -> Walked {
        match body {
            SetExpr::Select(select) => self.select(select, Some(query), in_exists),
            SetExpr::Query(inner) => self.query(inner, false),
            SetExpr::SetOperation { left, right, .. } => {
                self.side(left)?;
                self.side(right)
            }
            SetExpr::Values(values) => {
                values.rows.iter().flat_map(|row| &row.content).try_for_each(|value| self.expression(value))
            }
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.touches.writes_untold = true;
                self.statement(statement)
            }
            SetExpr::Merge(_) | SetExpr::Table(_) => Err(Unclear::Everybody),
        }
    }

    /// One side of a `UNION` and the like, whose `ORDER BY` is not its own.
    fn side(&mut self, side: &SetExpr) -> Walked {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Unclear::Everybody);
        }
        match side {
            SetExpr::Select(select) => self.select(select, None, false),
            SetExpr::SetOperation { left, right, .. } => {
                self.side(left)?;
                self.side(right)
            }
            SetExpr::Query(inner) => self.query(inner, false),
            _ => Err(Unclear::Everybody),
        }?;
        self.depth -= 1;
        Ok(())
    }

    /// `query`: what stands around it alone.
    fn select(&mut self, select: &Select, query: Option<&Query>, in_exists: bool) -> Walked {
        let is_known = select.into.is_none()
            && select.top.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.named_window.is_empty()
            && select.qualify.is_none()
            && select.exclude.is_none()
            && select.value_table_mode.is_none();
        if !is_known {
            return Err(Unclear::Everybody);
        }
        let mut tables = Vec::new();
        let mut others = 0;
        for from in &select.from {
            others += self.from(from, &mut tables)?;
        }
        self.read(&tables, others, select, query, in_exists);
        self.items(&select.projection)?;
        select.selection.iter().try_for_each(|condition| self.expression(condition))?;
        select.having.iter().try_for_each(|condition| self.expression(condition))?;
        if let Some(Distinct::On(by)) = &select.distinct {
            by.iter().try_for_each(|expr| self.expression(expr))?;
        }
        match &select.group_by {
            GroupByExpr::Expressions(by, modifiers) if modifiers.is_empty() => {
                by.iter().try_for_each(|expr| self.expression(expr))
            }
            _ => Err(Unclear::Everybody),
        }
    }

    /// Takes note of the tables that a query reads, with `others` beside them.
    fn read(
        &mut self,
        tables: &[Named],
        others: usize,
        select: &Select,
        query: Option<&Query>,
        in_exists: bool,
    ) {
        let way = if self.locking > 0 { Way::Lock } else { Way::Read };
        if let ([Named { table, qualifier }], 0) = (tables, others) {
            let (index, qualifiers) = (*table, [qualifier.clone()]);
            let (table, parameters) = (&self.schema.tables[index], self.parameters);
            let row = proof::row(table, &qualifiers, select.selection.as_ref(), parameters);
            let reading = Reading { query, select, table, qualifiers: &qualifiers, in_exists, parameters };
            if row.is_none() && (way == Way::Lock || !reading.hides_order()) {
                self.touches.shown.insert(index);
            }
            return self.touches.accesses.push(Access { table: index, part: row, way });
        }
        for named in tables {
            self.touches.shown.insert(named.table);
            self.touches.accesses.push(Access { table: named.table, part: None, way });
        }
    }

    /// Adds the tables of a `FROM` to `tables`; returns how much else is there.
    fn from(&mut self, from: &TableWithJoins, tables: &mut Vec<Named>) -> Result<usize, Unclear> {
        let mut others = self.factor(&from.relation, tables)?;
        for join in &from.joins {
            others += 1 + self.factor(&join.relation, tables)?;
            match &join.join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint)
                | JoinOperator::CrossJoin(constraint) => {
                    if let JoinConstraint::On(condition) = constraint {
                        self.expression(condition)?;
                    }
                }
                _ => return Err(Unclear::Everybody),
            }
        }
        Ok(others)
    }

    fn factor(&mut self, factor: &TableFactor, tables: &mut Vec<Named>) -> Result<usize, Unclear> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                self.table(name, alias.as_ref(), tables)
            }
            TableFactor::Derived { subquery, sample: None, .. } => self.query(subquery, false).map(|()| 1),
            TableFactor::NestedJoin { table_with_joins, .. } => Ok(1 + self.from(table_with_joins, tables)?),
            _ => Err(Unclear::Everybody),
        }
    }

    fn table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        tables: &mut Vec<Named>,
    ) -> Result<usize, Unclear> {
        let (schema, own) = names::parts(name).ok_or(Unclear::Everybody)?;
        if schema.is_none() && self.named.contains(&own) {
            return Ok(1);
        }
        let table = self.resolve(name)?;
        let mut others = 0;
        let qualifier = match alias {
            None => own,
            Some(alias) => {
                // Columns that are renamed are not those of the table.
                others += usize::from(!alias.columns.is_empty());
                names::folded(&alias.name).ok_or(Unclear::Everybody)?
            }
        };
        tables.push(Named { table, qualifier });
        Ok(others)
    }

    fn resolve(&self, name: &ObjectName) -> Result<usize, Unclear> {
        let (schema, name) = names::parts(name).ok_or(Unclear::Everybody)?;
        self.schema.table(schema.as_deref(), &name).ok_or_else(|| match schema.as_deref() {
            // Those of the server's own tables are read, and show what everybody does.
            Some("pg_catalog" | "information_schema") => Unclear::Step,
            None if name.starts_with("pg_") => Unclear::Step,
            _ => Unclear::Everybody,
        })
    }

    fn items(&mut self, items: &[SelectItem]) -> Walked {
        items.iter().try_for_each(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => self.expression(expr),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => Ok(()),
            SelectItem::ExprWithAliases { .. } => Err(Unclear::Everybody),
        })
    }

    fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) -> Walked {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }
}
