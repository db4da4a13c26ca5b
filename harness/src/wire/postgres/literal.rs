//! Owns how a value looks to people, in text or decoded by its type.

use crate::wire::escape::{push, push_escaped};
use std::borrow::Cow;

/// Longest value that is shown whole, in characters.
const VALUE_CHARS_MAX: usize = 80;

/// Most bytes of a value that are shown in hexadecimal.
const HEX_BYTES_MAX: usize = 32;

/// From 1970-01-01 to 2000-01-01, where the server's time begins.
const DAYS_TO_2000: i64 = 10_957;

const DAY_US: i64 = 86_400_000_000;

/// Appends a value; `None` is NULL. `format` is the protocol's code, 0 for text and 1 for binary.
pub(super) fn push_value(line: &mut String, value: Option<&[u8]>, type_id: Option<u32>, format: u16) {
    match value {
        None => line.push_str("NULL"),
        Some(value) if format == 0 => push_text(line, value),
        Some(value) => match type_id.and_then(|id| binary(id, value)) {
            Some(Decoded::Plain(text)) => line.push_str(&text),
            Some(Decoded::Text(text)) => push_text(line, text),
            None => push_hex(line, value),
        },
    }
}

/// A value as text; `None` if it is binary and of a type that is not known here, or is no text.
pub(super) fn decoded(value: &[u8], type_id: Option<u32>, format: u16) -> Option<Cow<'_, str>> {
    let text = |text| std::str::from_utf8(text).ok().map(Cow::Borrowed);
    match format {
        0 => text(value),
        _ => match binary(type_id?, value)? {
            Decoded::Plain(plain) => Some(plain.into()),
            Decoded::Text(value) => text(value),
        },
    }
}

enum Decoded<'a> {
    Plain(String),
    Text(&'a [u8]),
}

/// A binary value of a built-in type; `None` if it is of another one or has another length.
fn binary(type_id: u32, value: &[u8]) -> Option<Decoded<'_>> {
    let number = |bytes: usize| (value.len() == bytes).then_some(value);
    let plain = match type_id {
        16 => if *number(1)?.first()? == 0 { "f" } else { "t" }.to_owned(),
        20 => i64::from_be_bytes(value.try_into().ok()?).to_string(),
        21 => i16::from_be_bytes(value.try_into().ok()?).to_string(),
        23 => i32::from_be_bytes(value.try_into().ok()?).to_string(),
        26 => u32::from_be_bytes(value.try_into().ok()?).to_string(),
        700 => f32::from_be_bytes(value.try_into().ok()?).to_string(),
        701 => f64::from_be_bytes(value.try_into().ok()?).to_string(),
        1082 => date(i64::from(i32::from_be_bytes(value.try_into().ok()?))),
        1114 => timestamp(i64::from_be_bytes(value.try_into().ok()?)),
        1184 => timestamp(i64::from_be_bytes(value.try_into().ok()?)) + "+00",
        2950 => uuid(number(16)?),
        19 | 25 | 114 | 705 | 1042 | 1043 => return Some(Decoded::Text(value)),
        // Behind a version.
        3802 => return value.strip_prefix(b"\x01").map(Decoded::Text),
        _ => return None,
    };
    Some(Decoded::Plain(plain))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&index) {
            text.push('-');
        }
        push(&mut text, format_args!("{byte:02x}"));
    }
    text
}

fn timestamp(microseconds: i64) -> String {
    match microseconds {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (days, rest) = (microseconds.div_euclid(DAY_US), microseconds.rem_euclid(DAY_US));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let mut text =
        format!("{} {:02}:{:02}:{:02}", date(days), seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        push(&mut text, format_args!(".{fraction:06}"));
    }
    text
}

/// A day of the Gregorian calendar, counted from 2000-01-01
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn date(days: i64) -> String {
    let days = days + DAYS_TO_2000 + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A text bare, or quoted if it could be taken for something else.
pub(super) fn push_text(line: &mut String, text: &[u8]) {
    let misread = |byte: &u8| b",;()[]'\"\\".contains(byte) || byte.is_ascii_control();
    let bare = !text.is_empty()
        && text != b"NULL"
        && !text.iter().any(misread)
        && text.trim_ascii().len() == text.len();
    let quote = if bare { "" } else { "'" };
    line.push_str(quote);
    let cut = push_escaped(line, text, VALUE_CHARS_MAX, "");
    line.push_str(quote);
    if cut {
        push(line, format_args!("({} bytes)", text.len()));
    }
}

pub(super) fn push_hex(line: &mut String, value: &[u8]) {
    line.push_str("\\x");
    for byte in value.iter().take(HEX_BYTES_MAX) {
        push(line, format_args!("{byte:02x}"));
    }
    if value.len() > HEX_BYTES_MAX {
        push(line, format_args!("…({} bytes)", value.len()));
    }
}

#[cfg(test)]
mod tests;
