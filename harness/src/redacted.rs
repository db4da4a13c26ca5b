//! Owns the mark that stands where something was redacted from a record ([`REDACTED`]), and what is like such a record. What is
//! redacted is the business of whoever writes records.

use serde::Serialize;
use serde_json::Value;

/// What stands in the place of each text that was redacted. Nobody writes it by accident.
pub const REDACTED: &str = "‹redacted›";

/// Whether `now` may be what was `recorded`, before that was redacted: anything may have stood where the mark stands, and everything
/// else is the same.
///
/// ```
/// use raceproof::redacted::{REDACTED, is_like};
/// let recorded = format!("SET token {REDACTED} NX");
/// assert!(is_like(&recorded, &"SET token hunter2 NX".to_owned()));
/// assert!(!is_like(&recorded, &"SET token hunter2".to_owned()));
/// assert!(!is_like(&"SET a 1", &"SET a 2"));
/// ```
pub fn is_like<T: Serialize + PartialEq>(recorded: &T, now: &T) -> bool {
    let value = |of: &T| serde_json::to_value(of).ok();
    recorded == now
        || value(recorded).is_some_and(|recorded| {
            has_mark(&recorded) && value(now).is_some_and(|now| is_like_value(&recorded, &now))
        })
}

/// Whether something was redacted from `value`.
pub fn is_redacted(value: &impl Serialize) -> bool {
    serde_json::to_value(value).is_ok_and(|value| has_mark(&value))
}

fn has_mark(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(REDACTED),
        Value::Array(items) => items.iter().any(has_mark),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains(REDACTED) || has_mark(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_like_value(recorded: &Value, now: &Value) -> bool {
    match (recorded, now) {
        (Value::String(recorded), Value::String(now)) => is_like_text(recorded, now),
        (Value::Array(recorded), Value::Array(now)) => {
            recorded.len() == now.len()
                && recorded.iter().zip(now).all(|(one, other)| is_like_value(one, other))
        }
        (Value::Object(recorded), Value::Object(now)) => {
            let is_like = |(name, value): (&String, &Value)| {
                now.get(name).is_some_and(|other| is_like_value(value, other))
            };
            recorded.len() == now.len() && recorded.iter().all(is_like)
        }
        // A whole value that was no text may have become the mark.
        (Value::String(recorded), _) if recorded == REDACTED => true,
        _ => recorded == now,
    }
}

/// The pieces between the marks, in order, the first at the begin and the last at the end.
fn is_like_text(recorded: &str, now: &str) -> bool {
    let Some((first, others)) = recorded.split_once(REDACTED) else { return recorded == now };
    let (middle, last) = others.rsplit_once(REDACTED).unwrap_or(("", others));
    let Some(mut rest) = now.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    // The leftmost place of each piece leaves the most to those behind it.
    middle.split(REDACTED).all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like(recorded: &str, now: &str) -> bool {
        is_like(&recorded.replace('*', REDACTED), &now.to_owned())
    }

    #[test]
    fn anything_may_stand_where_the_mark_stands() {
        for (recorded, now) in
            [("*", ""), ("*", "x"), ("a*", "abc"), ("*c", "abc"), ("a*c*e", "abcde"), ("a**b", "ab")]
        {
            assert!(like(recorded, now), "{recorded} {now}");
        }
        for (recorded, now) in [("a*", "ba"), ("*a", "ab"), ("ab*ba", "aba"), ("a*x*c", "abc"), ("a", "b")] {
            assert!(!like(recorded, now), "{recorded} {now}");
        }
    }

    #[test]
    fn members_are_compared_one_by_one() {
        let recorded = vec![("a".to_owned(), Some(REDACTED.to_owned())), ("b".to_owned(), None)];
        let mut now = recorded.clone();
        now[0].1 = Some("secret".to_owned());
        assert!(is_like(&recorded, &now) && is_redacted(&recorded) && !is_redacted(&now));
        now[1].0 = "c".to_owned();
        assert!(!is_like(&recorded, &now));
    }

    proptest! {
        /// Whatever is redacted from a text, the text is like what is left.
        #[test]
        fn text_is_like_itself_redacted(text in "[ab]{0,12}", secret in "[ab]{1,3}") {
            prop_assert!(is_like_text(&text.replace(&secret, REDACTED), &text));
        }
    }
}
