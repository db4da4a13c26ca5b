//! Owns which part of a [`Systematic`] search is its shard's.

use std::hash::Hasher;

use super::{COMMON_STEPS, Systematic};
use crate::digest::Digest;
use crate::shard::Shard;

impl Systematic {
    /// The part of the search that is this shard's. Every shard tries all beginnings of a few steps, and leaves most to others.
    #[must_use]
    pub fn of_shard(mut self, shard: Shard) -> Self {
        self.shard = (shard.count() > 1).then_some(shard);
        self
    }

    /// Whether all shards try everything at a point that is `depth` steps behind the begin.
    pub(super) fn is_common(&self, depth: usize) -> bool {
        self.shard.is_some() && depth < COMMON_STEPS
    }

    /// Whether what begins as the running execution did belongs to another shard.
    pub(super) fn is_of_another(&self) -> bool {
        let Some(shard) = self.shard else { return false };
        let mut digest = Digest::default();
        for taken in self.taken.iter().take(COMMON_STEPS) {
            digest.write(taken.choice().to_string().as_bytes());
        }
        !shard.owns(digest.finish())
    }
}
