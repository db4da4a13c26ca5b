//! Owns the rows of a table as entries of a [`State`](crate::history::State).

use std::collections::BTreeMap;

use super::catalog::Table;
use super::row::Row;
use crate::history::Datum;
use crate::store::machine::fnv1a;

/// Values longer than this are told by size and digest.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// The entries of `table`, from rows whose first value is where they are.
pub(super) fn entries(table: &Table, rows: &[Row]) -> Vec<(String, Datum)> {
    let mut read: Vec<(Vec<String>, BTreeMap<String, String>)> =
        rows.iter().map(|row| read_row(table, row)).collect();
    if !table.key.is_empty() {
        let keyed = |(key, row): (Vec<String>, _)| (key.join(", "), row);
        return read.into_iter().map(keyed).map(|(key, row)| named(table, &key, row)).collect();
    }
    // Rows without a key have no name but their place among their likes.
    read.sort();
    let numbered = read.into_iter().enumerate();
    numbered.map(|(index, (_, row))| named(table, &format!("#{}", index + 1), row)).collect()
}

fn named(table: &Table, key: &str, row: BTreeMap<String, String>) -> (String, Datum) {
    (format!("{}({key})", table.name), Datum::Map(row))
}

/// The values of the key, and all values by column, without those that are null.
fn read_row(table: &Table, row: &Row) -> (Vec<String>, BTreeMap<String, String>) {
    let values: Vec<Option<String>> = row.values().skip(1).map(|value| value.map(shown)).collect();
    let value = |column: &usize| values.get(*column).cloned().flatten();
    let key = table.key.iter().filter_map(value).collect();
    let columns = table.columns.iter().map(|column| column.name.clone());
    let pairs = columns.zip(&values).filter_map(|(name, value)| Some((name, value.clone()?)));
    (key, pairs.collect())
}

fn shown(value: &[u8]) -> String {
    if value.len() <= VALUE_BYTES_MAX {
        return String::from_utf8_lossy(value).into_owned();
    }
    format!("({} bytes, digest {:016x})", value.len(), fnv1a(value))
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Column;
    use super::super::row::row;
    use super::*;

    fn table(key: &[usize]) -> Table {
        let columns = ["a", "b"].map(|name| Column { name: name.to_owned(), is_generated: false });
        Table {
            name: "t".to_owned(),
            quoted: "\"public\".\"t\"".to_owned(),
            columns: columns.to_vec(),
            key: key.to_vec(),
            has_fill_factor: false,
        }
    }

    fn told(table: &Table, rows: &[Row]) -> Vec<String> {
        entries(table, rows).iter().map(|(key, datum)| format!("{key}={datum}")).collect()
    }

    #[test]
    fn a_row_is_named_by_its_key_in_the_key_s_order() {
        let row = row(&[Some("(0,1)"), Some("1"), Some("x y")]);
        assert_eq!(told(&table(&[1, 0]), &[row]), ["t(x y, 1)={a: 1, b: x y}"]);
    }

    /// Where a row lies must not decide what it is called.
    #[test]
    fn rows_without_a_key_are_numbered_by_content() {
        let rows = [("(0,1)", "2"), ("(0,2)", "1")].map(|(place, a)| row(&[Some(place), Some(a), None]));
        assert_eq!(told(&table(&[]), &rows), ["t(#1)={a: 1}", "t(#2)={a: 2}"]);
    }

    #[test]
    fn a_long_value_is_told_by_its_digest() {
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        let rows = [row(&[Some("(0,1)"), Some("1"), Some(&long)])];
        let told = told(&table(&[0]), &rows);
        assert!(told[0].contains("(65537 bytes, digest ") && told[0].len() < 100, "{told:?}");
    }
}
