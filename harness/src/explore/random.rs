//! Owns [`RandomWalk`]: each choice uniform among those possible, from a seed.

use super::chance::Chance;
use super::state::{OTHER_STRATEGY, SamplerState, StateError, StrategyState};
use super::{Decision, Point, Strategy};
use crate::shard::Shard;

/// A seeded random walk. Execution `n` depends on the seed and on `n` alone, so it can be repeated
/// without the ones before it.
#[derive(Debug)]
pub struct RandomWalk(Chance);

impl RandomWalk {
    /// A walk from this seed, of one `shard` of them.
    #[must_use]
    pub fn new(seed: u64, shard: Shard) -> Self {
        Self(Chance::new(seed, shard))
    }

    pub(super) fn state(&self) -> SamplerState {
        SamplerState { execution: self.0.execution(), ..SamplerState::default() }
    }

    pub(super) fn go_on_from(&mut self, state: &SamplerState) {
        self.0.go_on_behind(state.execution);
    }
}

impl Strategy for RandomWalk {
    fn begin(&mut self) -> bool {
        self.0.advance();
        true
    }

    fn rewind(&mut self) {
        self.0.rewind();
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        Decision::Take(self.0.below(point.options.len()))
    }

    fn exhausted(&self) -> bool {
        false
    }

    fn checkpoint(&mut self) -> Option<StrategyState> {
        Some(StrategyState::Sampler(self.state()))
    }

    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let StrategyState::Sampler(state) = state else { return Err(OTHER_STRATEGY) };
        self.go_on_from(&state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;

    fn walk(seed: u64, executions: usize) -> Vec<Vec<usize>> {
        let options = [Choice::Advance; 5];
        let mut walk = RandomWalk::new(seed, Shard::WHOLE);
        let mut taken = Vec::new();
        for _ in 0..executions {
            assert!(walk.begin());
            let mut choose = || match walk.choose(&Point { options: &options, previous: None }) {
                Decision::Take(index) => index,
                other => panic!("a walk always takes an option, not {other:?}"),
            };
            taken.push((0..20).map(|_| choose()).collect());
        }
        taken
    }

    /// The literal values pin the generator: another version or platform must give the same.
    #[test]
    fn same_seed_gives_the_same_choices_everywhere() {
        assert_eq!(walk(7, 3), walk(7, 3));
        assert_ne!(walk(7, 1), walk(8, 1));
        assert_ne!(walk(7, 2)[0], walk(7, 2)[1]);
        assert_eq!(walk(7, 1)[0][..8], PINNED);
    }

    const PINNED: [usize; 8] = [0, 0, 0, 0, 1, 3, 0, 3];

    #[test]
    fn every_option_is_taken_sooner_or_later() {
        let all = walk(1, 20).concat();
        assert!((0..5).all(|option| all.contains(&option)));
    }
}
