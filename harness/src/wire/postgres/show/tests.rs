//! Tests of how requests and replies look.

use super::super::samples::*;
use super::*;

fn asked(parts: &[&[u8]]) -> String {
    request(&parts.concat(), None)
}

fn told(parts: &[&[u8]]) -> String {
    reply(&parts.concat(), None)
}

#[test]
fn requests_are_shown_by_what_they_execute() {
    assert_eq!(asked(&[]), "disconnect");
    assert_eq!(asked(&[TERMINATE]), "disconnect");
    assert_eq!(asked(&[SYNC]), "sync");
    assert_eq!(asked(&[&query("SELECT\n\t1")]), "SELECT 1");
    assert_eq!(asked(&[&parse("s", "SELECT 1"), &describe("s"), SYNC]), "prepare SELECT 1");
    assert_eq!(asked(&[&describe("s"), SYNC]), "describe statement `s`");
    assert_eq!(asked(&[&parse("", "SELECT $1"), &bind("", &[None]), &execute(""), SYNC]), "SELECT $1 [NULL]");
    let twice = [bind("s", &[]), execute("")].concat();
    assert_eq!(asked(&[&parse("s", "SELECT 1"), &twice, &twice, SYNC]), "SELECT 1; SELECT 1");
    assert_eq!(asked(&[&copy_data("1\n"), &copy_data("2\n"), COPY_DONE]), "COPY data (4 bytes)");
    assert_eq!(asked(&[&copy_data("1\n"), &message(b'f', b"no\0")]), "COPY given up: no");
    assert_eq!(asked(&[&message(b'p', b"secret\0")]), "password");
    assert_eq!(asked(&[b"nonsense"]), "\\x6e6f6e73656e7365");
}

#[test]
fn replies_are_shown_by_their_rows_or_their_tag() {
    let (one, abc): (&[u8], &[u8]) = (b"1", b"abc");
    let columns = columns(&[("a", 23, 0), ("b", 25, 0)]);
    let row = row(&[Some(one), Some(abc)]);
    assert_eq!(told(&[]), "connection closed");
    assert_eq!(told(&[&columns, &row, &completed("SELECT 1"), IDLE]), "1 row: (1, abc)");
    assert_eq!(told(&[&columns, &row, &row, &completed("SELECT 2"), IDLE]), "2 rows: (1, abc), (1, abc)");
    assert_eq!(told(&[&columns, &completed("SELECT 0"), IDLE]), "0 rows");
    assert_eq!(told(&[&columns, &row, &completed("UPDATE 1"), IDLE]), "UPDATE 1: (1, abc)");
    assert_eq!(told(&[&columns, &row, &completed("SHOW"), IDLE]), "1 row: (1, abc)");
    assert_eq!(told(&[&completed("BEGIN"), &completed("UPDATE 3"), OPEN]), "BEGIN; UPDATE 3");
    let many = row.repeat(12);
    assert!(told(&[&many, &completed("SELECT 12")]).ends_with("(1, abc), … 2 more rows"));
    assert_eq!(told(&[COPY_IN]), "copy starts");
    assert_eq!(
        told(&[COPY_OUT, &copy_data("1\n"), COPY_DONE, &completed("COPY 1"), IDLE]),
        "COPY 1: COPY data (2 bytes)"
    );
    assert_eq!(told(&[&notification("jobs", "7")]), "jobs: 7");
    assert_eq!(told(&[PARSED, &parameters(&[23]), NO_DATA, IDLE]), "described");
    assert_eq!(told(&[IDLE]), "ready");
    assert_eq!(
        told(&[&error("ERROR", "40001", "could not serialize"), FAILED]),
        "ERROR 40001: could not serialize"
    );
    assert_eq!(told(&[&notice("careful"), &completed("DROP TABLE"), IDLE]), "NOTICE: careful; DROP TABLE");
}

#[test]
fn a_long_line_is_cut_and_says_so() {
    let line = asked(&[&query(&"SELECT 1; ".repeat(1000)).repeat(9)]);
    assert!(line.len() < 1000 && line.contains("… +"), "{line}");
    let line = told(&[&completed("UPDATE 1").repeat(1000)]);
    assert!(line.len() < 600 && line.ends_with("more"), "{line}");
}
