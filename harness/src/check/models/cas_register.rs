//! Owns [`CasRegister`]: a register with compare-and-set.

use super::Value;
use super::register::{Register, RegisterCall};
use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// A [`Register`] that also has compare-and-set.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `read`, `write` | as of a register | |
/// | `cas` | two values: the expected and the new one | `false` if another value was there; any else if it was set |
///
/// A refused `cas` has found another value, which is judged.
#[derive(Debug, Clone, Default)]
pub struct CasRegister {
    /// The value before the first write.
    pub initial: Value,
}

/// An operation of a [`CasRegister`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CasCall {
    /// What a plain register has too.
    Plain(RegisterCall),
    /// Compare-and-set.
    Cas {
        /// What must be there.
        expected: Value,
        /// What is there afterwards.
        new: Value,
        /// Whether it was; `None` if that is not known.
        done: Option<bool>,
    },
}

impl Model for CasRegister {
    type State = Value;
    type Call = CasCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<CasCall>, Misfit> {
        if reported.name != "cas" {
            let plain = Register::default().call(reported);
            return plain
                .map(|call| call.map(CasCall::Plain))
                .map_err(|_| Misfit::name(reported, "a register with compare-and-set", "read, write, cas"));
        }
        let mut words = reported.words();
        let (Some(expected), Some(new), None) = (words.next(), words.next(), words.next()) else {
            return Err(Misfit::argument(reported, "the expected and the new value"));
        };
        let done = match reported.answer {
            Answer::Ok(result) => Some(result != "false"),
            Answer::Refused(_) => Some(false),
            Answer::Unknown => None,
        };
        Ok(Some(CasCall::Cas { expected: expected.into(), new: new.into(), done }))
    }

    fn init(&self) -> Value {
        self.initial.clone()
    }

    fn step(&self, state: &Value, call: &CasCall) -> Option<Value> {
        match call {
            CasCall::Plain(call) => Register::default().step(state, call),
            CasCall::Cas { expected, new, done } => {
                let fits = expected == state;
                let answered_so = done.is_none_or(|done| done == fits);
                answered_so.then(|| if fits { new.clone() } else { state.clone() })
            }
        }
    }

    fn is_read(&self, call: &CasCall) -> bool {
        matches!(call, CasCall::Plain(RegisterCall::Read(_)) | CasCall::Cas { done: Some(false), .. })
    }

    fn show(&self, state: &Value) -> String {
        state.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::CasRegister;
    use crate::check::linearizability::{Limits, check};
    use crate::check::sample::{holds, ok, refused, unknown};

    #[test]
    fn only_one_of_two_equal_swaps_can_succeed() {
        let first = || ok('A', "cas nil 1", "", 0, 5);
        assert!(holds(&CasRegister::default(), &[first(), refused('B', "cas nil 2", 1, 4)]));
        assert!(holds(&CasRegister::default(), &[first(), ok('B', "cas nil 2", "false", 1, 4)]));
        assert!(!holds(&CasRegister::default(), &[first(), ok('B', "cas nil 2", "", 1, 4)]));
    }

    #[test]
    fn refusal_is_wrong_where_the_value_fits() {
        assert!(!holds(&CasRegister::default(), &[refused('B', "cas nil 2", 1, 4)]));
        assert!(holds(
            &CasRegister::default(),
            &[unknown('A', "write 3", 0), refused('B', "cas nil 2", 1, 4)]
        ));
    }

    #[test]
    fn argument_of_one_value_is_an_error() {
        let told = check(&CasRegister::default(), &[ok('A', "cas 1", "", 0, 1)], &Limits::default());
        let told = told.expect_err("two are wanted").to_string();
        assert_eq!(told, "operation 1: `cas` takes the expected and the new value, not `1`");
    }
}
