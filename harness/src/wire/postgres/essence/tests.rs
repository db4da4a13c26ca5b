//! Tests of what stays the same.

use super::super::samples::{IDLE, bind, columns, completed, error, message, parameters, parse, query, row};
use super::*;

#[test]
fn a_request_without_names_and_bytes_that_are_none_stay_as_they_are() {
    for bytes in
        [query("SELECT 1"), b"nonsense".to_vec(), parse("s", "SELECT 1")[..9].to_vec(), message(b'B', b"x")]
    {
        assert_eq!(of_request(&bytes, None), Cow::Borrowed(&bytes[..]), "{}", bytes.escape_ascii());
    }
}

#[test]
fn the_name_of_a_new_statement_does_not_matter_and_its_text_does() {
    let essence = |name, sql| of_request(&parse(name, sql), None).into_owned();
    assert_eq!(essence("s1", "SELECT 1"), essence("s2", "SELECT 1"));
    assert_ne!(essence("s1", "SELECT 1"), essence("s1", "SELECT 2"));
}

#[test]
fn parameters_and_limits_matter() {
    let essence = |parameter| of_request(&bind("s", &[Some(parameter)]), None).into_owned();
    assert_ne!(essence(1), essence(2));
    let limited = |rows: u8| of_request(&message(b'E', &[0, 0, 0, 0, rows]), None).into_owned();
    assert_ne!(limited(1), limited(2));
}

#[test]
fn an_error_keeps_its_code_and_its_text() {
    let raised = |process: u8, line: u8| {
        let body = format!("SERROR\0VERROR\0C40P01\0Mdeadlock detected\0DProcess {process}\0L{line}\0\0");
        of_reply(&message(b'E', body.as_bytes())).into_owned()
    };
    assert_eq!(raised(1, 2), raised(3, 4));
    assert_eq!(of_reply(&error("ERROR", "40P01", "deadlock detected")), raised(1, 2));
    assert_ne!(of_reply(&error("ERROR", "40001", "deadlock detected")), raised(1, 2));
}

#[test]
fn descriptions_keep_names_and_built_in_types() {
    let described = |table_type| of_reply(&columns(&[("n", table_type, 0)])).into_owned();
    assert_eq!(described(20_000), described(30_000));
    assert_ne!(of_reply(&columns(&[("m", 23, 0)])), described(23));
    let typed = |id| of_reply(&parameters(&[23, id])).into_owned();
    assert_eq!(typed(20_000), typed(30_000));
    assert_ne!(typed(20), typed(23));
}

#[test]
fn process_ids_do_not_matter() {
    let told = |process: u8| message(b'A', &[&[0, 0, 0, process][..], b"jobs\0payload\0"].concat());
    assert_eq!(of_reply(&told(1)), of_reply(&told(2)));
    assert_eq!(of_reply(&message(b'K', b"\0\0\0\x01\0\0\0\x02")), Cow::Borrowed(&b""[..]));
}

#[test]
fn rows_stay_and_so_does_what_breaks_off() {
    let rows = [&row(&[Some(b"1"), None])[..], &completed("SELECT 1"), IDLE].concat();
    assert_eq!(of_reply(&rows), Cow::Borrowed(&rows[..]));
    let broken = [&error("ERROR", "40001", "no")[..], b"Z\0\0"].concat();
    assert!(of_reply(&broken).ends_with(b"Z\0\0"));
    let short = message(b'T', b"\0\x01");
    assert_eq!(of_reply(&short), Cow::Borrowed(&short[..]));
}
