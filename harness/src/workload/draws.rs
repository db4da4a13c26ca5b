//! Owns [`Draw`]: one place in the operations of a run, from which the same is drawn on every machine.

use std::fmt::Debug;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::Serialize;

use crate::generator::Simplifying;
use crate::programs::Planned;
use crate::scenario::Result;

/// Where something is drawn. Each place has chance of its own, so it can be drawn again without the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    /// The seed of the run.
    pub(super) seed: u64,
    /// Which workload of the run, from 0.
    pub(super) number: u64,
    /// For which worker, from 0.
    pub(super) worker: usize,
}

/// The position of what is drawn before all operations: how many there are.
const LENGTH: u64 = u64::MAX;

impl Draw {
    /// How many operations the worker has, at least `least` and at most `most`.
    pub(super) fn length(self, least: usize, most: usize) -> Result<usize> {
        let drawn = (least..=most.max(least)).new_tree(&mut self.runner(LENGTH));
        drawn.map(|tree| tree.current()).map_err(|reason| reason.message().into())
    }

    /// The operation in this `position` of the worker's list.
    pub(super) fn operation<T: Debug>(self, strategy: &BoxedStrategy<T>, position: usize) -> Result<Tree<T>> {
        match strategy.new_tree(&mut self.runner(position as u64)) {
            Ok(tree) => Ok(Tree { tree, position }),
            Err(reason) => Err(format!("its strategy gives none: {}", reason.message()).into()),
        }
    }

    fn runner(self, position: u64) -> TestRunner {
        let words = [self.seed, self.number, self.worker as u64, position];
        let seed: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        // What the environment may say of other runs has no say in what is drawn here.
        let config = Config { failure_persistence: None, max_default_size_range: 100, ..Config::default() };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }
}

/// An operation as its strategy drew it, with what is simpler.
pub(super) struct Tree<T> {
    tree: Box<dyn ValueTree<Value = T>>,
    position: usize,
}

impl<T: Debug + Serialize> Simplifying for Tree<T> {
    fn current(&self) -> Result<Planned> {
        let operation = self.tree.current();
        let (text, value) = (format!("{operation:?}"), serde_json::to_value(&operation)?);
        Ok(Planned { position: self.position, text, value })
    }

    fn simplify(&mut self) -> bool {
        self.tree.simplify()
    }

    fn complicate(&mut self) -> bool {
        self.tree.complicate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64, number: u64, worker: usize, position: usize) -> String {
        let strategy = (0..1_000_000_000_u64).boxed();
        let draw = Draw { seed, number, worker };
        draw.operation(&strategy, position).and_then(|tree| tree.current()).expect("any number does").text
    }

    #[test]
    fn every_place_has_chance_of_its_own_and_always_the_same() {
        let places = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)];
        let draw = || places.map(|(seed, number, worker, position)| drawn(seed, number, worker, position));
        let different: std::collections::BTreeSet<String> = draw().into();
        assert_eq!((draw(), different.len()), (draw(), places.len()));
    }

    /// If these change, no recorded seed gives the same workload any more.
    #[test]
    fn numbers_drawn_are_those_of_every_machine() {
        assert_eq!(drawn(7, 0, 1, 2), "429141896");
        let draw = Draw { seed: 7, number: 0, worker: 0 };
        assert_eq!(draw.length(1, 6).expect("a range"), 1);
        assert_eq!(draw.length(2, 1).expect("a range"), 2);
    }

    #[test]
    fn strategy_that_gives_nothing_is_an_error() {
        let strategy = (0..9_u8).prop_filter("none is large", |number| *number > 9).boxed();
        let error = Draw { seed: 0, number: 0, worker: 0 }.operation(&strategy, 0).err().expect("none");
        assert!(
            error.to_string().contains("none is large") || error.to_string().contains("reject"),
            "{error}"
        );
    }
}
