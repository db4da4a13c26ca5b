//! Owns the text form of durations such as `30s` or `1m30s`, in which budgets are given.

use std::time::Duration;

use thiserror::Error;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BudgetError {
    /// Something other than numbers with units.
    #[error("`{0}` is no duration (write `500ms`, `30s`, `2m`, `1h` or `1m30s`)")]
    Malformed(String),
    /// No time at all.
    #[error("`{0}` leaves no time (give at least `1ms`)")]
    Zero(String),
    /// More than anybody waits.
    #[error("`{0}` is more than {DAYS_MAX} days (give less)")]
    TooLong(String),
}

const DAYS_MAX: u64 = 30;
const MILLISECONDS_MAX: u64 = DAYS_MAX * 24 * 3_600_000;

/// Reads a duration: whole numbers, each with its unit (`ms`, `s`, `m`, `h`), added up.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(raceproof::budget::parse("1m30s"), Ok(Duration::from_secs(90)));
/// assert!(raceproof::budget::parse("90").is_err());
/// ```
///
/// # Errors
/// If it is none, no time at all, or more than 30 days.
pub fn parse(text: &str) -> Result<Duration, BudgetError> {
    let malformed = || BudgetError::Malformed(text.to_owned());
    let (mut rest, mut total) = (text, 0u64);
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).ok_or_else(malformed)?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if number.is_empty() {
            return Err(malformed());
        }
        let scale = milliseconds(unit).ok_or_else(malformed)?;
        let part = number.parse().ok().and_then(|number: u64| number.checked_mul(scale));
        total = part.and_then(|part| total.checked_add(part)).unwrap_or(u64::MAX);
        if total > MILLISECONDS_MAX {
            return Err(BudgetError::TooLong(text.to_owned()));
        }
        rest = after;
    }
    match total {
        0 if text.is_empty() => Err(malformed()),
        0 => Err(BudgetError::Zero(text.to_owned())),
        total => Ok(Duration::from_millis(total)),
    }
}

/// The duration as [`parse`] reads it.
#[must_use]
pub fn told(duration: Duration) -> String {
    let total = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let parts = [
        (total / 3_600_000, "h"),
        (total / 60_000 % 60, "m"),
        (total / 1_000 % 60, "s"),
        (total % 1_000, "ms"),
    ];
    parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect()
}

fn milliseconds(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, milliseconds) in [
            ("30s", 30_000),
            ("2m", 120_000),
            ("500ms", 500),
            ("1h", 3_600_000),
            ("1m30s", 90_000),
            ("720h", MILLISECONDS_MAX),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "30", "s", "30 s", "1.5s", "-1s", "30S", "1d", "30sec", "ms30", "３s"] {
            assert_eq!(parse(text), Err(BudgetError::Malformed(text.to_owned())), "{text}");
        }
        assert_eq!(parse("0s"), Err(BudgetError::Zero("0s".to_owned())));
        for text in ["721h", "99999999999999999999s", "18446744073709551615h", "720h1ms"] {
            assert_eq!(parse(text), Err(BudgetError::TooLong(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_told_is_read_back() {
        for text in ["30s", "1m30s", "1h1ms", "720h"] {
            assert_eq!(told(parse(text).unwrap()), text);
        }
    }
}
