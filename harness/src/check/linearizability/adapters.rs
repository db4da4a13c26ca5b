//! Owns [`Only`] and [`WithoutRefusals`]: a model that sees less than all operations.

use std::borrow::Cow;

use super::model::{Answer, Misfit, Model, Reported};

/// A model that ignores all operations but some.
#[derive(Debug, Clone)]
pub struct Only<M> {
    /// The model of those.
    pub model: M,
    /// Their names.
    pub names: &'static [&'static str],
}

/// A model that takes every "no" for right: for code that may refuse whenever it likes (a lock that is tried for a while,
/// a queue with an upper bound).
#[derive(Debug, Clone)]
pub struct WithoutRefusals<M>(
    /// The model of all else.
    pub M,
);

macro_rules! delegate {
    ($($inner:tt)+) => {
        type State = M::State;
        type Call = M::Call;

        fn init(&self) -> M::State {
            self.$($inner)+.init()
        }

        fn step(&self, state: &M::State, call: &M::Call) -> Option<M::State> {
            self.$($inner)+.step(state, call)
        }

        fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
            self.$($inner)+.key(reported)
        }

        fn is_read(&self, call: &M::Call) -> bool {
            self.$($inner)+.is_read(call)
        }

        fn show(&self, state: &M::State) -> String {
            self.$($inner)+.show(state)
        }

        fn bytes(&self, state: &M::State) -> usize {
            self.$($inner)+.bytes(state)
        }
    };
}

impl<M: Model> Model for Only<M> {
    delegate!(model);

    fn call(&self, reported: &Reported<'_>) -> Result<Option<M::Call>, Misfit> {
        if self.names.contains(&reported.name) { self.model.call(reported) } else { Ok(None) }
    }
}

impl<M: Model> Model for WithoutRefusals<M> {
    delegate!(0);

    fn call(&self, reported: &Reported<'_>) -> Result<Option<M::Call>, Misfit> {
        if matches!(reported.answer, Answer::Refused(_)) { Ok(None) } else { self.0.call(reported) }
    }
}
