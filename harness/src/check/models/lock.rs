//! Owns [`Lock`]: at most one owner at a time, or one owner several times.

use std::borrow::Cow;

use super::Value;
use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// A lock. It is free at first.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `acquire`, `lock` | its name, then its owner; both may be left out | the token if it is fenced, else any |
/// | `release`, `unlock` | the same | any |
/// | `expire` | its name | any; whoever holds it no longer does |
///
/// The owner is the worker unless it is named; locks of different names are judged one by one. A refused `acquire` has found the lock held by somebody
/// else, a refused `release` has found that it is not the owner's; both are judged ([`super::super::linearizability::WithoutRefusals`]
/// if not wanted).
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// The owner may acquire it again, and must release it as often.
    pub is_reentrant: bool,
    /// Every `acquire` returns a number, and each is greater than all before it (Kleppmann's fencing token).
    pub is_fenced: bool,
}

/// An operation of a [`Lock`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockCall {
    owner: Value,
    what: What,
    /// Whether it succeeded; `None` if that is not known.
    done: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Acquire { token: Option<i64> },
    Release,
    Expire,
}

/// Who holds a [`Lock`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LockState {
    owner: Option<Value>,
    times: u32,
    token: Option<i64>,
}

impl Model for Lock {
    type State = LockState;
    type Call = LockCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<LockCall>, Misfit> {
        let owner = reported.words().nth(1);
        let owner = owner.map_or_else(|| Value::Text(reported.worker.to_string().into()), Value::from);
        let done = match reported.answer {
            Answer::Ok(_) => Some(true),
            Answer::Refused(_) => Some(false),
            Answer::Unknown => None,
        };
        let what = match (reported.name, reported.answer) {
            ("acquire" | "lock", Answer::Ok(token)) if self.is_fenced => {
                let token = token.trim().parse();
                What::Acquire { token: Some(token.map_err(|_| Misfit::result(reported, "a token"))?) }
            }
            ("acquire" | "lock", _) => What::Acquire { token: None },
            ("release" | "unlock", _) => What::Release,
            ("expire", _) => What::Expire,
            _ => return Err(Misfit::name(reported, "a lock", "acquire, release, expire")),
        };
        Ok(Some(LockCall { owner, what, done }))
    }

    fn init(&self) -> LockState {
        LockState::default()
    }

    fn step(&self, state: &LockState, call: &LockCall) -> Option<LockState> {
        let is_owner = state.owner.as_ref() == Some(&call.owner);
        let can = match &call.what {
            What::Acquire { .. } => state.owner.is_none() || is_owner && self.is_reentrant,
            What::Release => is_owner,
            What::Expire => true,
        };
        if call.done.is_some_and(|done| done != can) {
            return None;
        }
        if !can {
            return Some(state.clone());
        }
        match &call.what {
            What::Acquire { token } => {
                // Somebody who acquires it again may be given the same token.
                let is_greater = state.token < *token || is_owner && state.token == *token;
                (token.is_none() || is_greater).then(|| LockState {
                    owner: Some(call.owner.clone()),
                    times: state.times + 1,
                    token: token.or(state.token),
                })
            }
            What::Release if state.times > 1 => Some(LockState { times: state.times - 1, ..state.clone() }),
            What::Release | What::Expire => Some(LockState { owner: None, times: 0, token: state.token }),
        }
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(reported.words().next().unwrap_or_default()))
    }

    fn is_read(&self, call: &LockCall) -> bool {
        call.done == Some(false)
    }

    fn show(&self, state: &LockState) -> String {
        let token = state.token.map(|token| format!(", last token {token}")).unwrap_or_default();
        match &state.owner {
            None => format!("free{token}"),
            Some(owner) if state.times == 1 => format!("held by {owner}{token}"),
            Some(owner) => format!("held {} times by {owner}{token}", state.times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use crate::check::sample::{holds, ok, refused, unknown};

    #[test]
    fn second_owner_has_to_wait_for_the_first() {
        let first = || [ok('A', "acquire l", "", 0, 1), ok('A', "release l", "", 4, 7)];
        let then = |from, to| {
            holds(&Lock::default(), &[&first()[..], &[ok('B', "acquire l", "", from, to)]].concat())
        };
        assert!(then(5, 6) && then(2, 5) && !then(2, 3));
        let refusal = |from, to| {
            holds(&Lock::default(), &[&first()[..], &[refused('B', "acquire l", from, to)]].concat())
        };
        assert!(refusal(2, 3) && refusal(5, 6) && !refusal(8, 9));
    }

    #[test]
    fn locks_of_other_names_are_others() {
        assert!(holds(&Lock::default(), &[ok('A', "acquire l", "", 0, 1), ok('B', "acquire m", "", 2, 3)]));
        assert!(!holds(&Lock::default(), &[ok('A', "acquire", "", 0, 1), ok('B', "acquire", "", 2, 3)]));
    }

    /// The classic: the lock expires, and the late owner then releases it under the new one.
    #[test]
    fn only_the_owner_can_release() {
        let taken =
            || [ok('A', "lock l", "", 0, 1), ok('A', "expire l", "", 2, 3), ok('B', "lock l", "", 4, 5)];
        assert!(!holds(&Lock::default(), &[&taken()[..], &[ok('A', "unlock l", "", 6, 7)]].concat()));
        assert!(holds(&Lock::default(), &[&taken()[..], &[refused('A', "unlock l", 6, 7)]].concat()));
        assert!(!holds(&Lock::default(), &[&taken()[..], &[refused('B', "unlock l", 6, 7)]].concat()));
    }

    #[test]
    fn reentrant_lock_is_released_as_often_as_it_was_acquired() {
        let lock = Lock { is_reentrant: true, is_fenced: false };
        let twice =
            [ok('A', "acquire", "", 0, 1), ok('A', "acquire", "", 2, 3), ok('A', "release", "", 4, 5)];
        assert!(holds(&lock, &twice) && !holds(&Lock::default(), &twice));
        let other = |more| [&twice[..], &[more, ok('B', "acquire", "", 8, 9)]].concat();
        assert!(holds(&lock, &other(ok('A', "release", "", 6, 7))));
        assert!(!holds(&lock, &other(refused('C', "acquire", 6, 7))));
    }

    #[test]
    fn tokens_rise() {
        let lock = Lock { is_reentrant: false, is_fenced: true };
        let tokens = |first, second| {
            let first = [ok('A', "acquire", first, 0, 1), unknown('A', "release", 2)];
            holds(&lock, &[&first[..], &[ok('B', "acquire", second, 4, 5)]].concat())
        };
        assert!(tokens("7", "8") && !tokens("7", "7") && !tokens("8", "7"));
    }
}
