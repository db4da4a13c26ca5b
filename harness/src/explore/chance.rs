//! Owns [`Chance`]: the random numbers of one execution, which depend on the seed and on the execution's number alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::shard::Shard;

/// Where a sampling strategy takes its chance from.
#[derive(Debug)]
pub(super) struct Chance {
    seed: u64,
    shard: Shard,
    /// Counted over all shards, from 0.
    execution: Option<u64>,
    random: ChaCha8Rng,
}

impl Chance {
    /// The numbers of every execution, or of those of one `shard`, which takes its turn with the others.
    pub(super) fn new(seed: u64, shard: Shard) -> Self {
        Self { seed, shard, execution: None, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The execution whose numbers are on, counted over all shards.
    pub(super) fn execution(&self) -> Option<u64> {
        self.execution
    }

    /// The next execution is the one behind `execution`.
    pub(super) fn go_on_behind(&mut self, execution: Option<u64>) {
        self.execution = execution;
        self.rewind();
    }

    /// Goes on to the numbers of the next execution.
    pub(super) fn advance(&mut self) {
        let next = |execution| u64::saturating_add(execution, u64::from(self.shard.count()));
        self.execution = Some(self.execution.map_or(u64::from(self.shard.index()), next));
        self.rewind();
    }

    /// Goes back to the first number of the running execution.
    pub(super) fn rewind(&mut self) {
        self.random = ChaCha8Rng::seed_from_u64(self.seed);
        self.random.set_stream(self.execution.unwrap_or(0));
    }

    /// A number below `count`, each with the same probability; `count` is at least 1.
    pub(super) fn below(&mut self, count: usize) -> usize {
        // Multiply and shift maps 32 random bits onto `count` numbers; the bias is below 2^-20 for any number of options that
        // an execution has.
        let taken = (u64::from(self.random.next_u32()) * count as u64) >> 32;
        usize::try_from(taken).expect("less than a number of options")
    }

    /// A number that no other has, but for chance.
    pub(super) fn priority(&mut self) -> u64 {
        self.random.next_u64()
    }
}
