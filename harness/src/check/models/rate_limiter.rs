//! Owns [`RateLimiter`]: at most so many in each window.

use std::borrow::Cow;

use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// At most so many in each of consecutive windows that do not overlap. For windows that slide see
/// [`SlidingWindow`](crate::check::SlidingWindow).
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `allow`, `request` | whom it concerns, then the window; both may be left out | any |
///
/// The window is a number or, with [`RateLimiter::window_ms`], a time in milliseconds. Each window of each client is judged for itself.
/// A refused operation has found its window full, which is judged: one refusal too many is an error as well.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    /// How many are let through in one window.
    pub accepted_max: u64,
    /// The length of a window, if arguments are times; `None` if they are windows.
    pub window_ms: Option<u64>,
}

/// An operation of a [`RateLimiter`]: whether it was let through, if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateCall(Option<bool>);

impl RateLimiter {
    /// Whom it concerns, and the window.
    fn window<'a>(&self, reported: &Reported<'a>) -> Result<Cow<'a, str>, Misfit> {
        let Some(window_ms) = self.window_ms else { return Ok(Cow::Borrowed(reported.argument)) };
        let words: Vec<_> = reported.words().collect();
        let (client, time) = match words[..] {
            [time] => ("", time),
            [client, time] => (client, time),
            _ => return Err(Misfit::argument(reported, "a client and a time in milliseconds")),
        };
        let time: u64 =
            time.parse().map_err(|_| Misfit::argument(reported, "a client and a time in milliseconds"))?;
        let begin = time - time % window_ms.max(1);
        Ok(Cow::Owned(format!("{client}{}from {begin} ms", if client.is_empty() { "" } else { " " })))
    }
}

impl Model for RateLimiter {
    type State = u64;
    type Call = RateCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<RateCall>, Misfit> {
        if !matches!(reported.name, "allow" | "request") {
            return Err(Misfit::name(reported, "a rate limiter", "allow"));
        }
        self.window(reported)?;
        Ok(Some(RateCall(match reported.answer {
            Answer::Ok(_) => Some(true),
            Answer::Refused(_) => Some(false),
            Answer::Unknown => None,
        })))
    }

    fn init(&self) -> u64 {
        0
    }

    fn step(&self, state: &u64, RateCall(accepted): &RateCall) -> Option<u64> {
        let has_room = *state < self.accepted_max;
        accepted.is_none_or(|accepted| accepted == has_room).then_some(state + u64::from(has_room))
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        self.window(reported).ok()
    }

    fn is_read(&self, RateCall(accepted): &RateCall) -> bool {
        *accepted == Some(false)
    }

    fn show(&self, state: &u64) -> String {
        format!("{state} of {} let through", self.accepted_max)
    }
}

#[cfg(test)]
mod tests {
    use super::RateLimiter;
    use crate::check::sample::{holds, ok, refused, unknown};

    fn one() -> RateLimiter {
        RateLimiter { accepted_max: 1, window_ms: None }
    }

    #[test]
    fn full_window_lets_nobody_through_and_another_one_does() {
        assert!(holds(&one(), &[ok('A', "allow x 0", "", 0, 3), refused('B', "allow x 0", 1, 2)]));
        assert!(!holds(&one(), &[ok('A', "allow x 0", "", 0, 3), ok('B', "allow x 0", "", 1, 2)]));
        assert!(holds(&one(), &[ok('A', "allow x 0", "", 0, 3), ok('B', "allow x 1", "", 1, 2)]));
    }

    #[test]
    fn refusal_is_wrong_while_there_is_room() {
        assert!(!holds(&one(), &[refused('B', "allow", 1, 2), ok('A', "allow", "", 3, 4)]));
        assert!(holds(&one(), &[unknown('A', "allow", 0), refused('B', "allow", 1, 2)]));
    }

    #[test]
    fn windows_of_times_begin_at_multiples_of_their_length() {
        let limiter = RateLimiter { accepted_max: 1, window_ms: Some(100) };
        let pair = |first, second| holds(&limiter, &[ok('A', first, "", 0, 1), ok('B', second, "", 2, 3)]);
        assert!(pair("allow x 199", "allow x 200") && !pair("allow x 100", "allow x 199"));
        assert!(pair("allow x 100", "allow y 100") && !pair("allow 1", "allow 2"));
    }
}
