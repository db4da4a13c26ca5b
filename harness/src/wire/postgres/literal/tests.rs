//! Tests of how values look.

use super::*;

fn shown(value: &[u8], type_id: u32, format: u16) -> String {
    let mut line = String::new();
    push_value(&mut line, Some(value), Some(type_id), format);
    line
}

#[test]
fn binary_values_are_read_by_their_type() {
    let cases: [(u32, &[u8], &str); 17] = [
        (16, b"\x01", "t"),
        (21, b"\xff\xfe", "-2"),
        (23, b"\0\0\x01\0", "256"),
        (20, b"\0\0\0\0\0\0\0\x07", "7"),
        (26, b"\xff\xff\xff\xff", "4294967295"),
        (700, b"\x3f\xc0\0\0", "1.5"),
        (701, b"\xbf\xf0\0\0\0\0\0\0", "-1"),
        (25, b"a b", "a b"),
        (114, b"{}", "{}"),
        (3802, b"\x01{\"a\": 1}", "'{\"a\": 1}'"),
        (2950, b"0123456789abcdef", "30313233-3435-3637-3839-616263646566"),
        (17, b"\xde\xad", "\\xdead"),
        (1082, b"\0\0\0\0", "2000-01-01"),
        (1082, b"\xff\xff\xff\xff", "1999-12-31"),
        (1114, b"\0\0\0\0\0\x0f\x42\x41", "2000-01-01 00:00:01.000001"),
        (1184, b"\xff\xff\xff\xff\xff\xf0\xbd\xc0", "1999-12-31 23:59:59+00"),
        (1114, b"\x7f\xff\xff\xff\xff\xff\xff\xff", "infinity"),
    ];
    for (type_id, value, expected) in cases {
        assert_eq!(shown(value, type_id, 1), expected);
    }
}

#[test]
fn what_does_not_fit_its_type_is_hexadecimal() {
    for type_id in [16, 20, 21, 23, 26, 700, 701, 1082, 1114, 1184, 2950, 3802, 600] {
        assert_eq!(shown(b"\x07\x08\x09", type_id, 1), "\\x070809", "{type_id}");
    }
}

#[test]
fn any_day_has_a_date() {
    let days = |days: i32| shown(&days.to_be_bytes(), 1082, 1);
    assert_eq!(days(9_558), "2026-03-03");
    assert_eq!(days(8_825), "2024-02-29");
    for extreme in [i32::MIN, i32::MAX] {
        assert!(days(extreme).len() > 10);
    }
    assert!(shown(&(i64::MIN + 1).to_be_bytes(), 1114, 1).starts_with('-'));
}

#[test]
fn texts_that_could_be_misread_are_quoted_and_long_ones_cut() {
    for (text, expected) in
        [("a", "a"), ("", "''"), ("NULL", "'NULL'"), ("a, b", "'a, b'"), (" a", "' a'"), ("a\nb", "'a\\nb'")]
    {
        assert_eq!(shown(text.as_bytes(), 25, 0), expected);
    }
    let long = shown("x".repeat(200).as_bytes(), 25, 0);
    assert!(long.ends_with("…(200 bytes)") && long.len() < 120, "{long}");
    assert_eq!(shown(b"a\xffb\x1b", 25, 0), "'a\\xffb\\x1b'");
    let mut line = String::new();
    push_value(&mut line, None, None, 1);
    assert_eq!(line, "NULL");
}
