//! Owns [`Value`]: a value that models compare.

use std::fmt;
use std::sync::Arc;

/// A value that models compare; small, and cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Value {
    /// No value: the text is empty, `nil`, `null` or `None`.
    #[default]
    Nil,
    /// A whole number in its shortest form.
    Number(i64),
    /// Any other text.
    Text(Arc<str>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        match text {
            "" | "nil" | "null" | "None" => Self::Nil,
            _ => match text.parse() {
                Ok(number) if is_shortest(text) => Self::Number(number),
                _ => Self::Text(text.into()),
            },
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// `07` and `+7` are texts, for they are not what a store would say of 7.
fn is_shortest(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.starts_with('+') && (digits == number && number == "0" || !digits.starts_with('0'))
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => formatter.write_str("nil"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    /// What differs as text differs as a value, but for the ways to say nothing.
    #[test]
    fn only_texts_that_a_store_would_use_are_numbers() {
        assert_eq!(["", "nil", "null", "None"].map(Value::from), [(); 4].map(|()| Value::Nil));
        assert_eq!(["0", "-7", "12"].map(Value::from), [0, -7, 12].map(Value::from));
        for text in ["07", "+7", "-0", "-", "1.0", "99999999999999999999"] {
            assert_eq!(Value::from(text), Value::Text(text.into()));
        }
    }
}
