//! Owns how invariants read the rows of a table.

use std::collections::BTreeMap;

use raceproof::View;

/// One row: its columns' texts, without those that are null.
pub(crate) type Row = BTreeMap<String, String>;

/// The text in `column`; empty if it is null.
pub(crate) fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

/// The sum of `column` over all rows of `table`.
pub(crate) fn sum(view: &View<'_>, table: &str, column: &str) -> i64 {
    view.state.rows(table).filter_map(|row| text(row, column).parse::<i64>().ok()).sum()
}

/// How many rows of `table` have `value` in `column`.
pub(crate) fn count(view: &View<'_>, table: &str, column: &str, value: &str) -> usize {
    view.state.rows(table).filter(|row| text(row, column) == value).count()
}
