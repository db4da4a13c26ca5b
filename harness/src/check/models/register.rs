//! Owns [`Register`]: one value that is read and written.

use super::Value;
use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// One value. Reads return what was written last.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `read`, `get` | none | the value |
/// | `write`, `set` | the value | any |
///
/// Refused operations are ignored.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The value before the first write.
    pub initial: Value,
}

/// An operation of a [`Register`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterCall {
    /// It returned this value.
    Read(Value),
    /// It wrote this value.
    Write(Value),
}

impl Model for Register {
    type State = Value;
    type Call = RegisterCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<RegisterCall>, Misfit> {
        Ok(match (reported.name, reported.answer) {
            ("read" | "get", Answer::Ok(value)) => Some(RegisterCall::Read(value.into())),
            ("write" | "set", Answer::Ok(_) | Answer::Unknown) => {
                Some(RegisterCall::Write(reported.argument.into()))
            }
            ("read" | "get" | "write" | "set", _) => None,
            _ => return Err(Misfit::name(reported, "a register", "read, write")),
        })
    }

    fn init(&self) -> Value {
        self.initial.clone()
    }

    fn step(&self, state: &Value, call: &RegisterCall) -> Option<Value> {
        match call {
            RegisterCall::Read(value) => (value == state).then(|| state.clone()),
            RegisterCall::Write(value) => Some(value.clone()),
        }
    }

    fn is_read(&self, call: &RegisterCall) -> bool {
        matches!(call, RegisterCall::Read(_))
    }

    fn show(&self, state: &Value) -> String {
        state.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Register;
    use crate::check::sample::{holds, ok, unknown};

    #[test]
    fn new_value_may_be_read_while_it_is_written_and_must_be_afterwards() {
        let write = || ok('A', "write 1", "", 0, 9);
        assert!(holds(
            &Register::default(),
            &[write(), ok('B', "read", "nil", 1, 2), ok('B', "read", "1", 3, 4)]
        ));
        assert!(!holds(
            &Register::default(),
            &[write(), ok('B', "read", "1", 1, 2), ok('B', "read", "nil", 3, 4)]
        ));
        assert!(!holds(&Register::default(), &[write(), ok('B', "read", "nil", 10, 11)]));
    }

    #[test]
    fn open_write_may_take_effect_late_or_never() {
        let write = || unknown('A', "write 1", 0);
        assert!(holds(
            &Register::default(),
            &[write(), ok('B', "read", "", 5, 6), ok('B', "read", "1", 7, 8)]
        ));
        assert!(holds(&Register::default(), &[write(), ok('B', "read", "", 5, 6)]));
        let twice = [write(), ok('B', "read", "1", 5, 6), ok('B', "read", "", 7, 8)];
        assert!(!holds(&Register::default(), &twice));
    }
}
