//! Owns the names of the server's own functions that are known to be harmless although their kind is not, and how names are read.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

/// Functions that depend on settings of their session or on the time besides their arguments. Time stands still between two
/// steps, and a session's settings are its own.
pub(super) const STABLE: &[&str] = &[
    "array_to_json",
    "array_to_string",
    "clock_timestamp",
    "concat",
    "concat_ws",
    "date",
    "date_part",
    "date_trunc",
    "extract",
    "format",
    "json_agg",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "make_timestamptz",
    "now",
    "row_to_json",
    "statement_timestamp",
    "string_to_array",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_timestamp",
    "transaction_timestamp",
];

/// What looks like a function and is a part of the language.
pub(super) const SYNTAX: &[&str] = &[
    "coalesce",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "greatest",
    "least",
    "localtime",
    "localtimestamp",
    "nullif",
    "session_user",
    "user",
];

/// Functions that say what time it is, and can do nothing else.
pub(super) const CLOCKS: &[&str] = &[
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "transaction_timestamp",
];

/// Functions of the server's own that touch more than tables, but leave a connection's later statements what they are.
pub(super) const CONFINED: &[&str] = &[
    "currval",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_backend_pid",
    "pg_current_xact_id",
    "pg_notify",
    "pg_sleep",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "random",
    "setval",
    "txid_current",
];

/// Columns that every table has, and that tell where a row lies or who has written it.
pub(super) const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "xmax", "xmin"];

/// Longest name that the server does not cut.
const NAME_BYTES_MAX: usize = 63;

/// A name as the server reads it. `None` if it is one that the server may read in another way.
pub(super) fn folded(ident: &Ident) -> Option<String> {
    let is_plain = ident.value.is_ascii() && ident.value.len() <= NAME_BYTES_MAX;
    match ident.quote_style {
        _ if !is_plain => None,
        None => Some(ident.value.to_ascii_lowercase()),
        Some('"') => Some(ident.value.clone()),
        Some(_) => None,
    }
}

/// The last part of a name, and the one before it.
pub(super) fn parts(name: &ObjectName) -> Option<(Option<String>, String)> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => folded(ident),
        ObjectNamePart::Function(_) => None,
    };
    match name.0.as_slice() {
        [name] => Some((None, part(name)?)),
        [schema, name] => Some((Some(part(schema)?), part(name)?)),
        _ => None,
    }
}

/// The sequence that a default draws from, if that is all it does.
pub(super) fn sequence(default: &str) -> Option<&str> {
    let name = default.strip_prefix("nextval('")?.strip_suffix("'::regclass)")?;
    (!name.contains('\'')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_as_the_server_does() {
        let name = |text: &str, quote| folded(&Ident { quote_style: quote, ..Ident::new(text) });
        assert_eq!(name("Stock", None), Some("stock".to_owned()));
        assert_eq!(name("Stock", Some('"')), Some("Stock".to_owned()));
        assert_eq!(name("ÄPFEL", None), None);
        assert_eq!(name(&"x".repeat(64), None), None);
    }

    #[test]
    fn only_a_plain_draw_is_a_sequence() {
        assert_eq!(sequence("nextval('shop.stock_id_seq'::regclass)"), Some("shop.stock_id_seq"));
        assert_eq!(sequence("nextval('a'::regclass) + nextval('b'::regclass)"), None);
        assert_eq!(sequence("0"), None);
    }
}
