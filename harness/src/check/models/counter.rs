//! Owns [`Counter`]: a number that goes up and down.

use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// A number.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `increment`, `add` | by how much; 1 if empty | the number afterwards; not judged unless it is a number |
/// | `decrement` | by how much; 1 if empty | the same |
/// | `read`, `get` | none | the number; `nil` is 0 |
///
/// Refused operations are ignored.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    /// The number before the first operation.
    pub initial: i64,
}

/// An operation of a [`Counter`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CounterCall {
    /// It returned this number.
    Read(i64),
    /// It changed the number by this much.
    Add {
        /// By how much.
        by: i64,
        /// The number that it returned, if it did.
        after: Option<i64>,
    },
}

impl Model for Counter {
    type State = i64;
    type Call = CounterCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<CounterCall>, Misfit> {
        let sign = match reported.name {
            "increment" | "add" => 1,
            "decrement" => -1,
            "read" | "get" => {
                let Answer::Ok(text) = reported.answer else { return Ok(None) };
                let number = if matches!(text, "" | "nil" | "null" | "None") { Ok(0) } else { text.parse() };
                return match number {
                    Ok(number) => Ok(Some(CounterCall::Read(number))),
                    Err(_) => Err(Misfit::result(reported, "a number")),
                };
            }
            _ => return Err(Misfit::name(reported, "a counter", "increment, add, decrement, read")),
        };
        let after = match reported.answer {
            Answer::Ok(result) => result.parse().ok(),
            Answer::Unknown => None,
            Answer::Refused(_) => return Ok(None),
        };
        let by = match reported.argument {
            "" | "nil" => 1,
            text => text.parse::<i64>().map_err(|_| Misfit::argument(reported, "a number or nothing"))?,
        };
        Ok(Some(CounterCall::Add { by: by.wrapping_mul(sign), after }))
    }

    fn init(&self) -> i64 {
        self.initial
    }

    fn step(&self, state: &i64, call: &CounterCall) -> Option<i64> {
        match call {
            CounterCall::Read(number) => (number == state).then_some(*state),
            CounterCall::Add { by, after } => {
                let number = state.wrapping_add(*by);
                after.is_none_or(|after| after == number).then_some(number)
            }
        }
    }

    fn is_read(&self, call: &CounterCall) -> bool {
        matches!(call, CounterCall::Read(_))
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;
    use crate::check::sample::{holds, ok, refused, unknown};

    /// The lost update of two workers that both read before either writes.
    #[test]
    fn two_increments_are_two() {
        let both = || [ok('A', "increment", "", 0, 3), ok('B', "increment 1", "", 1, 2)];
        let read = |number| [&both()[..], &[ok('A', "read", number, 4, 5)]].concat();
        assert!(holds(&Counter::default(), &read("2")));
        assert!(!holds(&Counter::default(), &read("1")));
        assert!(!holds(
            &Counter::default(),
            &[ok('A', "increment", "1", 0, 3), ok('B', "increment", "1", 1, 2)]
        ));
    }

    #[test]
    fn refused_ones_do_not_count_and_unknown_ones_may() {
        let seen = |number| {
            holds(
                &Counter { initial: 5 },
                &[
                    refused('A', "increment", 0, 1),
                    unknown('B', "decrement 2", 2),
                    ok('A', "read", number, 4, 5),
                ],
            )
        };
        assert!(seen("5") && seen("3") && !seen("6") && !seen("4"));
    }
}
