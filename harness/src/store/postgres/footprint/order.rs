//! Owns the question whether the answer to a query shows in which order the rows of its table lie.
//!
//! Two rows that are written in another order lie in another order, which nobody can notice who reads only sums, or sorts.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    OrderByKind, Query, Select, SelectItem,
};

use super::names;
use super::proof::{Parameters, column_of, is_total};
use super::schema::{Kind, Table};

/// A query of one table.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// What stands around it; `None` if it is a part of a larger one.
    pub(super) query: Option<&'a Query>,
    pub(super) select: &'a Select,
    pub(super) table: &'a Table,
    /// What the table is called in it.
    pub(super) qualifiers: &'a [String],
    /// Whether only the presence of a row is asked for.
    pub(super) in_exists: bool,
    pub(super) parameters: Parameters<'a>,
}

impl Reading<'_> {
    /// Whether the answer would be the same if the rows lay in another order.
    pub(super) fn hides_order(self) -> bool {
        let select = self.select;
        let is_grouped = match &select.group_by {
            GroupByExpr::Expressions(by, modifiers) => !by.is_empty() || !modifiers.is_empty(),
            GroupByExpr::All(_) => true,
        };
        let is_plain = !is_grouped && select.distinct.is_none() && select.having.is_none();
        is_plain
            && select.selection.as_ref().is_none_or(|condition| self.total(condition))
            && (self.in_exists && self.all_items(|item| self.total(item))
                || self.all_items(|item| matches!(item, Expr::Value(_)))
                || self.all_items(|item| self.sums_up(item))
                || self.is_sorted())
    }

    fn total(self, expr: &Expr) -> bool {
        is_total(expr, self.parameters)
    }

    fn all_items(self, holds: impl Fn(&Expr) -> bool) -> bool {
        self.select.projection.iter().all(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => holds(expr),
            _ => false,
        })
    }

    /// Whether a value is made of sums, counts and constants.
    fn sums_up(self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(_) => true,
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => self.sums_up(inner),
            Expr::BinaryOp { left, op, right } => {
                let is_known = matches!(
                    op,
                    BinaryOperator::Plus
                        | BinaryOperator::Minus
                        | BinaryOperator::Eq
                        | BinaryOperator::NotEq
                        | BinaryOperator::Lt
                        | BinaryOperator::LtEq
                        | BinaryOperator::Gt
                        | BinaryOperator::GtEq
                );
                is_known && self.sums_up(left) && self.sums_up(right)
            }
            Expr::Function(function) => self.sums_up_by(function),
            _ => false,
        }
    }

    fn sums_up_by(self, function: &Function) -> bool {
        let FunctionArguments::List(list) = &function.args else { return false };
        let is_plain = list.clauses.is_empty() && function.filter.is_none() && function.over.is_none();
        let name = names::parts(&function.name).filter(|(schema, _)| schema.is_none() && is_plain);
        let name = name.map(|(_, name)| name).unwrap_or_default();
        if name == "coalesce" {
            return list.args.iter().all(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.sums_up(expr),
                _ => false,
            });
        }
        let kind = match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => return name == "count",
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => {
                column_of(expr, self.qualifiers).and_then(|column| self.table.column(&column))
            }
            _ => None,
        };
        let Some(kind) = kind.map(|column| self.table.columns[column].kind) else { return false };
        match name.as_str() {
            "count" => true,
            // Equal values of these look alike.
            "min" | "max" => matches!(kind, Kind::Integer | Kind::Text(_) | Kind::Plain),
            "sum" | "avg" => kind == Kind::Integer,
            "bool_and" | "bool_or" | "every" => kind == Kind::Plain,
            _ => false,
        }
    }

    /// Whether the rows come in the order of their primary key.
    fn is_sorted(self) -> bool {
        let Some(OrderByKind::Expressions(by)) =
            self.query.and_then(|query| query.order_by.as_ref()).map(|order| &order.kind)
        else {
            return false;
        };
        let sorted: Vec<_> = by.iter().map(|by| column_of(&by.expr, self.qualifiers)).collect();
        let key = || self.table.key.iter().map(|&index| &self.table.columns[index].name);
        // `ORDER BY` means a column of the result before one of the table.
        let is_hidden = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(expr) => !self.total(expr),
            SelectItem::ExprWithAlias { expr, alias } => {
                !self.total(expr)
                    || sorted.contains(&names::folded(alias))
                    || sorted.iter().any(Option::is_none)
            }
            SelectItem::Wildcard(_) => false,
            _ => true,
        };
        key().next().is_some()
            && key().all(|name| sorted.iter().flatten().any(|by| by == name))
            && !self.select.projection.iter().any(is_hidden)
    }
}
