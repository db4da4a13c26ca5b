//! Owns requests as SQL that can be typed, in full: parameters are literals of their types. How they look to people is
//! `show`'s; what a client such as `psql` makes of the text is the business of who writes for it.

use super::executed::{Executed, Parameter, executed};
use super::literal::decoded;
use super::sql::Tokens;
use crate::wire::Context;
use crate::wire::escape::push;
use crate::wire::limits::TYPED_BYTES_MAX;

/// The statements that are executed for a request, in order; nothing if it executes none.
pub(super) fn request(request: &[u8], context: Option<&Context>) -> Option<Vec<String>> {
    executed(request, context)?.iter().map(typed).collect()
}

/// The text with its parameters as literals.
fn typed(executed: &Executed<'_>) -> Option<String> {
    let sql = std::str::from_utf8(&executed.sql).ok()?;
    let mut tokens = Tokens::of(sql.as_bytes());
    let mut text = String::new();
    loop {
        let before = &sql[sql.len() - tokens.rest.len()..];
        let is_over = tokens.next().is_none();
        let piece = before.get(..before.len() - tokens.rest.len())?;
        match parameter(piece) {
            Some((blanks, number)) if !is_over => {
                text.push_str(blanks);
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text += &literal(executed.parameters.get(number.checked_sub(1)?)?)?;
            }
            _ => text.push_str(piece),
        }
        if text.len() > TYPED_BYTES_MAX {
            return None;
        }
        if is_over {
            return Some(text);
        }
    }
}

/// The number of the parameter that ends a piece of a text, and what stands before it.
fn parameter(piece: &str) -> Option<(&str, usize)> {
    let (blanks, digits) = piece.rsplit_once('$')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Some((blanks, digits.parse().ok()?)) } else { None }
}

/// The value as a literal of its type.
fn literal(parameter: &Parameter<'_>) -> Option<String> {
    let kind = parameter.type_id.and_then(kind);
    let Some(sent) = parameter.sent else {
        return Some(kind.map_or_else(|| "NULL".to_owned(), |kind| format!("NULL::{kind}")));
    };
    match (&parameter.text, parameter.type_id, kind) {
        (Some(text), Some(16), _) if text == "t" || text == "f" => {
            Some(if text == "t" { "true" } else { "false" }.to_owned())
        }
        (Some(text), Some(23), _) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(text.clone().into_owned())
        }
        (Some(text), _, Some(kind)) => Some(format!("{}::{kind}", quoted(text))),
        (Some(text), _, None) => Some(quoted(text)),
        (None, Some(17), _) => {
            let mut hex = String::new();
            sent.iter().for_each(|byte| push(&mut hex, format_args!("{byte:02x}")));
            Some(format!("'\\x{hex}'::bytea"))
        }
        (None, Some(_), Some(kind)) => array(sent, kind),
        (None, _, _) => None,
    }
}

/// A binary array of one dimension whose elements have a type that is known.
fn array(sent: &[u8], kind: &str) -> Option<String> {
    let element = kind.strip_suffix("[]")?;
    let mut rest = sent;
    let mut number = || {
        let (bytes, behind) = rest.split_first_chunk::<4>()?;
        rest = behind;
        Some(i32::from_be_bytes(*bytes))
    };
    let (dimensions, _has_nulls, type_id) = (number()?, number()?, number()?);
    if dimensions == 0 {
        return Some(format!("ARRAY[]::{kind}"));
    }
    let (count, _lower_bound) = (number()?, number()?);
    if dimensions != 1 {
        return None;
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        rest = behind;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            items.push("NULL".to_owned());
            continue;
        };
        let (value, behind) = rest.split_at_checked(length)?;
        rest = behind;
        let text = decoded(value, u32::try_from(type_id).ok(), 1)?;
        items.push(if element == "integer" { text.into_owned() } else { quoted(&text) });
    }
    Some(format!("ARRAY[{}]::{kind}", items.join(", ")))
}

/// A text in quotes; what could not be seen is escaped.
fn quoted(text: &str) -> String {
    let is_seen = |character: char| matches!(character, ' '..='~') || character.is_alphanumeric();
    if text.chars().all(|character| is_seen(character) && character != '\\') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut escaped = "E'".to_owned();
    for character in text.chars() {
        match character {
            '\'' => escaped.push_str("''"),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            _ if is_seen(character) => escaped.push(character),
            '\0'..='\u{7f}' => push(&mut escaped, format_args!("\\x{:02x}", u32::from(character))),
            _ => push(&mut escaped, format_args!("\\U{:08x}", u32::from(character))),
        }
    }
    escaped + "'"
}

/// What a built-in type is called in SQL.
fn kind(type_id: u32) -> Option<&'static str> {
    Some(match type_id {
        16 => "boolean",
        17 => "bytea",
        19 => "name",
        20 => "bigint",
        21 => "smallint",
        23 => "integer",
        25 => "text",
        26 => "oid",
        114 => "json",
        700 => "real",
        701 => "double precision",
        1000 => "boolean[]",
        1005 => "smallint[]",
        1007 => "integer[]",
        1009 => "text[]",
        1015 => "varchar[]",
        1016 => "bigint[]",
        1042 => "bpchar",
        1043 => "varchar",
        1082 => "date",
        1114 => "timestamp",
        1184 => "timestamptz",
        1186 => "interval",
        1700 => "numeric",
        2950 => "uuid",
        2951 => "uuid[]",
        3802 => "jsonb",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sql: &str, parameters: &[(Option<u32>, Option<&str>)]) -> Option<String> {
        let parameter = |(type_id, text): &(Option<u32>, Option<&'static str>)| Parameter {
            type_id: *type_id,
            text: text.map(Into::into),
            sent: text.map(str::as_bytes),
        };
        // The tests' own texts live as long as the program.
        let parameters: Vec<(Option<u32>, Option<&'static str>)> = parameters
            .iter()
            .map(|(type_id, text)| (*type_id, text.map(|text| &*String::from(text).leak())))
            .collect();
        let parameters = parameters.iter().map(parameter).collect();
        typed(&Executed { sql: sql.as_bytes().to_vec().into(), parameters })
    }

    #[test]
    fn parameters_become_literals_of_their_types() {
        let values =
            [(Some(23), Some("1")), (Some(25), Some("it's")), (Some(20), Some("-5")), (Some(16), Some("t"))];
        assert_eq!(
            told("UPDATE t SET a=$1, b = $2 WHERE c=$3 AND d IS NOT $4", &values).as_deref(),
            Some("UPDATE t SET a=1, b = 'it''s'::text WHERE c='-5'::bigint AND d IS NOT true")
        );
        assert_eq!(
            told("SELECT $1, $2, $3", &[(None, None), (Some(1184), None), (Some(99_999), Some("x"))])
                .as_deref(),
            Some("SELECT NULL, NULL::timestamptz, 'x'")
        );
        assert_eq!(told("LIMIT$1", &[(Some(23), Some("1"))]).as_deref(), Some("LIMIT 1"));
    }

    /// What only looks like a parameter stays, and one that has no value cannot be typed.
    #[test]
    fn only_parameters_are_replaced() {
        let one = [(Some(23), Some("7"))];
        for (sql, expected) in [
            ("SELECT '$1', $1", "SELECT '$1', 7"),
            ("SELECT \"$1\" -- $1\n, $1 /* $1 */", "SELECT \"$1\" -- $1\n, 7 /* $1 */"),
            ("SELECT $$ $1 $$, $1", "SELECT $$ $1 $$, 7"),
            ("SELECT 1", "SELECT 1"),
            ("", ""),
        ] {
            assert_eq!(told(sql, &one).as_deref(), Some(expected));
        }
        assert_eq!(told("SELECT $2", &one), None);
    }

    /// Neither can the text end early, nor does anything in it move a cursor or turn the line around.
    #[test]
    fn hostile_values_stay_within_their_quotes() {
        assert_eq!(quoted("'; DROP TABLE t; --"), "'''; DROP TABLE t; --'");
        assert_eq!(quoted("\\'; --"), "E'\\\\''; --'");
        assert_eq!(quoted("a\u{1b}[2J\nb\u{202e}"), "E'a\\x1b[2J\\nb\\U0000202e'");
        assert_eq!(quoted("在庫"), "'在庫'");
    }

    #[test]
    fn bytes_and_arrays_are_read() {
        let binary = |type_id, sent: &'static [u8]| {
            literal(&Parameter { type_id: Some(type_id), text: None, sent: Some(sent) })
        };
        assert_eq!(binary(17, b"\x00'").as_deref(), Some("'\\x0027'::bytea"));
        let numbers =
            b"\0\0\0\x01\0\0\0\x01\0\0\0\x17\0\0\0\x02\0\0\0\x01\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff";
        assert_eq!(binary(1007, numbers).as_deref(), Some("ARRAY[7, NULL]::integer[]"));
        assert_eq!(binary(1007, b"\0\0\0\0\0\0\0\0\0\0\0\x17").as_deref(), Some("ARRAY[]::integer[]"));
        assert_eq!((binary(1007, b"\0\0"), binary(600, b"\0")), (None, None));
    }
}
