//! Owns texts with `{…}` in them, which stands for values, and conditions on values.

use std::collections::BTreeMap;

/// Values by name; `None` is null.
pub(super) type Values = BTreeMap<String, Option<String>>;

/// A text with places for values. `{{` stands for `{`, and `{` that is not followed by a name for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Expression),
}

/// A value, or two with `+`, `-` or `*` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expression {
    first: Operand,
    rest: Option<(char, Operand)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Name(String),
    Number(i64),
    Text(String),
    Null,
}

/// A comparison of two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    left: Expression,
    operator: &'static str,
    right: Expression,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                plain.push('{');
                rest = after;
                continue;
            }
            let inside = after.split_once('}').filter(|(inside, _)| begins_with_name(inside));
            let Some((inside, after)) = inside else {
                plain.push('{');
                rest = after;
                continue;
            };
            parts.push(Part::Text(std::mem::take(&mut plain)));
            let unreadable =
                |what| format!("`{{{inside}}}` stands for no value: {what} (write `{{{{` for a brace)");
            parts.push(Part::Value(Expression::parse(inside).map_err(unreadable)?));
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// The names of all values.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|part| match part {
            Part::Text(_) => Vec::new(),
            Part::Value(expression) => expression.names().collect(),
        })
    }

    /// The text with `values` in it, each as `show` writes it.
    pub(super) fn fill(
        &self,
        values: &Values,
        show: impl Fn(Option<&str>) -> Result<String, String>,
    ) -> Result<String, String> {
        let each = self.0.iter().map(|part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Value(expression) => show(expression.value(values)?.as_deref()),
        });
        each.collect()
    }

    /// The text with values as they are.
    pub(super) fn plain(&self, values: &Values) -> Result<String, String> {
        self.fill(values, |value| {
            value.map(str::to_owned).ok_or_else(|| "a value is null, which is no text".to_owned())
        })
    }

    /// The text with values as literals of SQL.
    pub(super) fn sql(&self, values: &Values) -> Result<String, String> {
        self.fill(values, |value| {
            Ok(match value {
                None => "NULL".to_owned(),
                Some(number) if number.parse::<i64>().is_ok() => number.to_owned(),
                Some(text) => format!("'{}'", text.replace('\'', "''")),
            })
        })
    }
}

fn begins_with_name(text: &str) -> bool {
    text.trim_start().starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || " _-.+*".contains(character))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character))
}

/// Whether a step may save something under this name.
pub(super) fn may_be_saved(name: &str) -> bool {
    is_name(name) && !name.contains('.') && name != "null"
}

impl Expression {
    fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match words.as_slice() {
            [first] => Ok(Self { first: Operand::parse(first)?, rest: None }),
            [first, operator @ ("+" | "-" | "*"), second] => {
                let operator = operator.chars().next().unwrap_or('+');
                Ok(Self { first: Operand::parse(first)?, rest: Some((operator, Operand::parse(second)?)) })
            }
            _ => Err("write a name, or two values with `+`, `-` or `*` and blanks between them".to_owned()),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let operands = std::iter::once(&self.first).chain(self.rest.iter().map(|(_, second)| second));
        operands
            .filter_map(|operand| if let Operand::Name(name) = operand { Some(name.as_str()) } else { None })
    }

    fn value(&self, values: &Values) -> Result<Option<String>, String> {
        let first = self.first.value(values);
        let Some((operator, second)) = &self.rest else { return Ok(first) };
        let number = |value: Option<String>| {
            let told = value.as_deref().unwrap_or("null").to_owned();
            value.and_then(|text| text.parse::<i64>().ok()).ok_or(format!("`{told}` is no whole number"))
        };
        let (first, second) = (number(first)?, number(second.value(values))?);
        let result = match operator {
            '+' => first.checked_add(second),
            '-' => first.checked_sub(second),
            _ => first.checked_mul(second),
        };
        result.map(|result| Some(result.to_string())).ok_or_else(|| "a number is too large".to_owned())
    }
}

impl Operand {
    fn parse(word: &str) -> Result<Self, String> {
        if let Ok(number) = word.parse() {
            return Ok(Self::Number(number));
        }
        if let Some(text) = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Self::Text(text.to_owned()));
        }
        match word {
            "null" => Ok(Self::Null),
            name if is_name(name) => Ok(Self::Name(name.to_owned())),
            other => Err(format!("`{other}` is neither a name nor a number")),
        }
    }

    fn value(&self, values: &Values) -> Option<String> {
        match self {
            Self::Name(name) => values.get(name).cloned().flatten(),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Null => None,
        }
    }
}

const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl Condition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let found = OPERATORS.into_iter().find_map(|operator| Some((operator, text.split_once(operator)?)));
        let Some((operator, (left, right))) = found else {
            return Err(format!("`{text}` is no condition (compare two values, such as `stock > 0`)"));
        };
        let side = |text| Expression::parse(text).map_err(|what| format!("`{text}` is no value: {what}"));
        Ok(Self { left: side(left.trim())?, operator, right: side(right.trim())? })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.left.names().chain(self.right.names())
    }

    /// Whether it holds: numbers are compared as numbers, all else as text; null is only equal to null.
    pub(super) fn holds(&self, values: &Values) -> Result<bool, String> {
        let (left, right) = (self.left.value(values)?, self.right.value(values)?);
        compare(left.as_deref(), self.operator, right.as_deref())
    }
}

/// Whether `left operator right`.
pub(super) fn compare(left: Option<&str>, operator: &str, right: Option<&str>) -> Result<bool, String> {
    let (left, right) = match (left, right, operator) {
        (left, right, "==") => return Ok(left == right),
        (left, right, "!=") => return Ok(left != right),
        (Some(left), Some(right), _) => (left, right),
        _ => return Err(format!("null is neither less nor more than anything (`{operator}`)")),
    };
    let order = match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => left.cmp(right),
    };
    Ok(match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let some = |text: &str| Some(text.to_owned());
        [("stock", some("3")), ("who", some("O'Hara")), ("gone", None)]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    fn sql(text: &str) -> Result<String, String> {
        Template::parse(text)?.sql(&values())
    }

    #[test]
    fn values_are_literals_in_sql_and_cannot_break_out() {
        assert_eq!(sql("SET v = {stock + 1}").as_deref(), Ok("SET v = 4"));
        assert_eq!(sql("{who}, {gone}").as_deref(), Ok("'O''Hara', NULL"));
        assert_eq!(sql("{stock * 2} {stock - 5}").as_deref(), Ok("6 -2"));
    }

    /// What SQL and JSON write with braces stays as it is.
    #[test]
    fn braces_that_hold_no_name_are_text() {
        for text in ["'{1,2}'", "{\"a\": 1}", "{}", "{ }", "a } b"] {
            assert_eq!(sql(text).as_deref(), Ok(text));
        }
        assert_eq!(sql("{{stock}").as_deref(), Ok("{stock}"));
    }

    #[test]
    fn what_is_no_number_is_not_counted() {
        assert!(sql("{who + 1}").is_err_and(|what| what.contains("`O'Hara` is no whole number")));
        assert!(sql("{gone + 1}").is_err_and(|what| what.contains("`null` is no whole number")));
        assert!(Template::parse("{stock plus 1}").is_err());
    }

    #[test]
    fn conditions_compare_numbers_as_numbers() {
        let holds = |text: &str| Condition::parse(text).and_then(|condition| condition.holds(&values()));
        for (text, expected) in [
            ("stock >= 3", true),
            ("stock < 10", true),
            ("stock + 8 > 10", true),
            ("gone == null", true),
            ("stock != null", true),
            ("who == 'x'", false),
        ] {
            assert_eq!(holds(text), Ok(expected), "{text}");
        }
        assert!(holds("gone < 3").is_err() && Condition::parse("stock").is_err());
    }
}
