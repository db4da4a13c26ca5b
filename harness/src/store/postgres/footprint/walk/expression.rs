//! Owns the way through expressions.

use sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, Ident, Subscript, WindowType,
};

use super::super::deed::Unclear;
use super::super::names::{self, CONFINED, SYSTEM_COLUMNS};
use super::{DEPTH_MAX, Walk, Walked};

impl Walk<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Walked {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Unclear::Everybody);
        }
        self.parts_of(expression)?;
        self.depth -= 1;
        Ok(())
    }

    fn parts_of(&mut self, expression: &Expr) -> Walked {
        match expression {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(names) => {
                names.iter().try_for_each(|name| self.name(name))?;
                // `stock.f` may be a function of users that is given the row.
                let is_users =
                    |name: &Ident| names::folded(name).is_some_and(|name| self.schema.is_users(&name));
                if names.last().is_some_and(is_users) { Err(Unclear::Everybody) } else { Ok(()) }
            }
            Expr::BinaryOp {
                op: BinaryOperator::PGCustomBinaryOperator(_) | BinaryOperator::Custom(_),
                ..
            } => Err(Unclear::Everybody),
            Expr::Cast { expr, data_type, format: None, .. } if is_built_in(data_type) => {
                self.expression(expr)
            }
            Expr::TypedString(typed) if is_built_in(&typed.data_type) => Ok(()),
            Expr::Exists { subquery, .. } => self.query(subquery, true),
            Expr::Subquery(subquery) => self.query(subquery, false),
            Expr::InSubquery { expr, subquery, .. } => {
                self.expression(expr)?;
                self.query(subquery, false)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expression(root)?;
                access_chain.iter().try_for_each(|access| match access {
                    AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index),
                    _ => Err(Unclear::Everybody),
                })
            }
            Expr::Function(function) => self.function(function),
            other => self.expressions(operands(other).ok_or(Unclear::Everybody)?),
        }
    }

    fn name(&self, name: &Ident) -> Walked {
        let name = names::folded(name).ok_or(Unclear::Everybody)?;
        if SYSTEM_COLUMNS.contains(&name.as_str()) { Err(Unclear::Step) } else { Ok(()) }
    }

    fn function(&mut self, function: &Function) -> Walked {
        let is_plain = !function.uses_odbc_syntax && matches!(function.parameters, FunctionArguments::None);
        match names::parts(&function.name) {
            Some((None, name)) if is_plain && self.schema.is_safe(&name) => {}
            Some((Some(schema), name))
                if is_plain && schema == "pg_catalog" && self.schema.is_safe(&name) => {}
            Some((None, name)) if CONFINED.contains(&name.as_str()) && !self.schema.is_users(&name) => {
                return Err(Unclear::Step);
            }
            _ => return Err(Unclear::Everybody),
        }
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.query(query, false)?,
            FunctionArguments::List(list) => {
                list.args.iter().try_for_each(|argument| self.argument(argument))?;
                for clause in &list.clauses {
                    let FunctionArgumentClause::OrderBy(by) = clause else { return Err(Unclear::Everybody) };
                    self.expressions(by.iter().map(|by| &by.expr))?;
                }
            }
        }
        self.expressions(function.filter.as_deref())?;
        self.expressions(function.within_group.iter().map(|by| &by.expr))?;
        match &function.over {
            None => Ok(()),
            Some(WindowType::WindowSpec(window)) if window.window_name.is_none() => {
                self.expressions(&window.partition_by)?;
                self.expressions(window.order_by.iter().map(|by| &by.expr))
            }
            Some(_) => Err(Unclear::Everybody),
        }
    }

    fn argument(&mut self, argument: &FunctionArg) -> Walked {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expression(expr),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Ok(()),
            _ => Err(Unclear::Everybody),
        }
    }
}

/// The parts of an expression that is nothing more than they are. `None` if it is not known to be that.
fn operands(expression: &Expr) -> Option<Vec<&Expr>> {
    let parts: Vec<&Expr> = match expression {
        Expr::Value(_) => Vec::new(),
        Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner)
        | Expr::Nested(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Extract { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Collate { expr: inner, .. } => vec![inner],
        Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::BinaryOp { left, right, .. }
        | Expr::Like { expr: left, pattern: right, .. }
        | Expr::ILike { expr: left, pattern: right, .. }
        | Expr::SimilarTo { expr: left, pattern: right, .. }
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. }
        | Expr::AtTimeZone { timestamp: left, time_zone: right }
        | Expr::Position { expr: left, r#in: right } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => list.iter().chain(Some(&**expr)).collect(),
        Expr::Tuple(parts) => parts.iter().collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Interval(interval) => vec![&interval.value],
        Expr::Case { operand, conditions, else_result, .. } => {
            let when = conditions.iter().flat_map(|when| [&when.condition, &when.result]);
            when.chain(operand.as_deref()).chain(else_result.as_deref()).collect()
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let ends = substring_from.as_deref().into_iter().chain(substring_for.as_deref());
            ends.chain(Some(&**expr)).collect()
        }
        Expr::Trim { expr, trim_what, trim_characters: None, .. } => {
            trim_what.as_deref().into_iter().chain(Some(&**expr)).collect()
        }
        _ => return None,
    };
    Some(parts)
}

/// Whether a type is the server's own, and reading it is only that: `regclass` looks names up.
fn is_built_in(data_type: &DataType) -> bool {
    match data_type {
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => is_built_in(element),
        DataType::SmallInt(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Numeric(_)
        | DataType::Decimal(_)
        | DataType::Real
        | DataType::Float(_)
        | DataType::Float4
        | DataType::Float8
        | DataType::DoublePrecision
        | DataType::Bool
        | DataType::Boolean
        | DataType::Text
        | DataType::Varchar(_)
        | DataType::CharacterVarying(_)
        | DataType::Char(_)
        | DataType::Character(_)
        | DataType::Uuid
        | DataType::Date
        | DataType::Time(..)
        | DataType::Timestamp(..)
        | DataType::Interval { .. }
        | DataType::JSON
        | DataType::JSONB
        | DataType::Bytea => true,
        _ => false,
    }
}
