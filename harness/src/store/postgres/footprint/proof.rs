//! Owns the proof that a condition means one row, the one with this primary key, and no other row can be noticed by it.

use bytes::Bytes;
use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, DataType, Expr, Function, FunctionArguments, UnaryOperator,
    Value,
};

use super::names::{self, CLOCKS, folded};
use super::schema::{Kind, Table};
use crate::wire::postgres::Parameter;

const INTEGERS: [u32; 3] = [20, 21, 23];
const TEXTS: [u32; 2] = [25, 1043];
const UUID: u32 = 2_950;

/// The values that a statement's placeholders stand for.
pub(super) type Parameters<'a> = &'a [Parameter<'a>];

/// The one row of `table`, called by one of `qualifiers`, that can meet `condition`.
pub(super) fn row(
    table: &Table,
    qualifiers: &[String],
    condition: Option<&Expr>,
    parameters: Parameters<'_>,
) -> Option<Bytes> {
    let conjuncts = conjuncts(condition?);
    // The server may look at other rows first. What cannot fail on them cannot be noticed.
    if table.key.is_empty() || !conjuncts.iter().all(|conjunct| is_total(conjunct, parameters)) {
        return None;
    }
    let of_column = |&index: &usize| {
        let column = &table.columns[index];
        conjuncts.iter().find_map(|conjunct| {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = conjunct else { return None };
            let names = |expr| column_of(expr, qualifiers).is_some_and(|name| name == column.name);
            match (names(left), names(right)) {
                (true, false) => value(column.kind, right, parameters),
                (false, true) => value(column.kind, left, parameters),
                _ => None,
            }
        })
    };
    part(table.key.iter().map(of_column))
}

/// Whether a condition that means [one row](row) says nothing else about it.
pub(super) fn is_key_alone(table: &Table, condition: Option<&Expr>) -> bool {
    condition.is_some_and(|condition| conjuncts(condition).len() == table.key.len())
}

/// What is added to which column, where that is all that an assignment does, without how much.
pub(super) fn sum(table: &Table, assignment: &Assignment, parameters: Parameters<'_>) -> Option<String> {
    let AssignmentTarget::ColumnName(target) = &assignment.target else { return None };
    let (None, name) = names::parts(target)? else { return None };
    let column = table.columns.iter().find(|column| column.name == name && column.kind == Kind::Integer)?;
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } =
        &assignment.value
    else {
        return None;
    };
    let is_own = column_of(left, std::slice::from_ref(&table.name)).is_some_and(|left| left == name);
    // What is added twice with the same sign goes too far in either order, or in none.
    let is_positive = value(Kind::Integer, right, parameters).is_some_and(|value| !value.starts_with('-'));
    (is_own && is_positive).then(|| format!("{} {op}", column.name))
}

/// The part of a table that is the row with these values of its primary key.
pub(super) fn part(values: impl Iterator<Item = Option<String>>) -> Option<Bytes> {
    let mut part = String::new();
    for value in values {
        let value = value?;
        part += &format!("{}:{value}", value.len());
    }
    Some(part.into())
}

/// A constant of a column, written so that equal ones are written alike. `None` if it is none, or may be turned into another one
/// on its way into the column.
pub(super) fn value(kind: Kind, expr: &Expr, parameters: Parameters<'_>) -> Option<String> {
    let (text, is_number) = match expr {
        Expr::Nested(inner) => return value(kind, inner, parameters),
        Expr::Cast { expr, data_type, format: None, .. } if cast_to(data_type) == Some(widest(kind)) => {
            return value(kind, expr, parameters);
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            Expr::Value(value) => match &value.value {
                Value::Number(number, false) => (format!("-{number}"), true),
                _ => return None,
            },
            _ => return None,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(number, false) => (number.clone(), true),
            Value::SingleQuotedString(text) => (text.clone(), false),
            Value::Placeholder(name) => {
                let parameter = parameter(name, parameters)?;
                let fits = |known: &[u32]| parameter.type_id.is_none_or(|id| known.contains(&id));
                let fits = match kind {
                    Kind::Integer => fits(&INTEGERS),
                    Kind::Text(_) => fits(&TEXTS),
                    Kind::Uuid => fits(&[UUID]),
                    Kind::Plain | Kind::Other => false,
                };
                (parameter.text.as_ref().filter(|_| fits)?.to_string(), false)
            }
            _ => return None,
        },
        _ => return None,
    };
    match kind {
        Kind::Integer => integer(&text),
        Kind::Text(length) if !is_number => {
            length.is_none_or(|length| text.chars().count() <= length).then_some(text)
        }
        Kind::Uuid if !is_number => uuid(&text),
        _ => None,
    }
}

fn parameter<'a>(name: &str, parameters: Parameters<'a>) -> Option<&'a Parameter<'a>> {
    let number: usize = name.strip_prefix('$')?.parse().ok()?;
    parameters.get(number.checked_sub(1)?)
}

/// A cast takes away no limit on the length.
fn widest(kind: Kind) -> Kind {
    if matches!(kind, Kind::Text(_)) { Kind::Text(None) } else { kind }
}

fn cast_to(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::SmallInt(None)
        | DataType::Int(None)
        | DataType::Integer(None)
        | DataType::BigInt(None)
        | DataType::Int2(None)
        | DataType::Int4(None)
        | DataType::Int8(None) => Some(Kind::Integer),
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) => Some(Kind::Text(None)),
        DataType::Uuid => Some(Kind::Uuid),
        _ => None,
    }
}

fn integer(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = text.parse().ok().filter(|_| is_plain)?;
    Some(number.to_string())
}

fn uuid(text: &str) -> Option<String> {
    let dashes = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    (text.len() == 36 && text.bytes().enumerate().all(dashes)).then(|| text.to_ascii_lowercase())
}

/// The parts of a condition that must all hold.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::Nested(inner) => conjuncts(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        other => vec![other],
    }
}

/// The column that an expression names, if it is one of the table called by one of `qualifiers`.
pub(super) fn column_of(expr: &Expr, qualifiers: &[String]) -> Option<String> {
    match expr {
        Expr::Identifier(name) => folded(name),
        Expr::CompoundIdentifier(names) => match names.as_slice() {
            [table, name] if qualifiers.contains(&folded(table)?) => folded(name),
            _ => None,
        },
        Expr::Nested(inner) => column_of(inner, qualifiers),
        _ => None,
    }
}

/// Whether an expression has a value for every row, and never an error.
pub(super) fn is_total(expr: &Expr, parameters: Parameters<'_>) -> bool {
    let total = |expr: &Expr| is_total(expr, parameters);
    match expr {
        Expr::Nested(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => total(inner),
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            total(left) && total(right)
        }
        Expr::BinaryOp { left, op, right } => is_comparison(op) && total(left) && total(right),
        Expr::InList { expr, list, .. } => total(expr) && list.iter().all(total),
        Expr::Between { expr, low, high, .. } => total(expr) && total(low) && total(high),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => true,
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => matches!(**expr, Expr::Value(_)),
        Expr::Cast { expr, data_type, format: None, .. } => {
            cast_to(data_type).is_some_and(|kind| value(kind, expr, parameters).is_some())
        }
        Expr::Function(function) => is_clock(function),
        _ => false,
    }
}

fn is_comparison(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

fn is_clock(function: &Function) -> bool {
    let is_empty = match &function.args {
        FunctionArguments::None => true,
        FunctionArguments::List(list) => list.args.is_empty(),
        FunctionArguments::Subquery(_) => false,
    };
    let name = names::parts(&function.name);
    is_empty && name.is_some_and(|(schema, name)| schema.is_none() && CLOCKS.contains(&name.as_str()))
}
