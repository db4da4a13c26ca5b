//! Owns [`Interner`]: equal values kept once.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Values of a search that come again and again.
#[derive(Debug)]
pub(super) struct Interner<T: ?Sized> {
    kept: BTreeSet<Arc<T>>,
    /// How many are kept when those that nobody else has any more are let go.
    full: usize,
}

/// How many are kept before it is looked for the first time.
const FULL_AT_FIRST: usize = 1_024;

impl<T: ?Sized> Default for Interner<T> {
    fn default() -> Self {
        Self { kept: BTreeSet::new(), full: FULL_AT_FIRST }
    }
}

impl<T: Ord + ?Sized> Interner<T> {
    /// The one that equals `value`.
    pub(super) fn keep<V: Borrow<T> + Into<Arc<T>>>(&mut self, value: V) -> Arc<T> {
        match self.kept.get(value.borrow()) {
            Some(known) => Arc::clone(known),
            None => self.add(value.into()),
        }
    }

    /// The one that equals `value`, which is shared already.
    pub(super) fn keep_shared(&mut self, value: Arc<T>) -> Arc<T> {
        match self.kept.get(&value) {
            Some(known) => Arc::clone(known),
            None => self.add(value),
        }
    }

    fn add(&mut self, value: Arc<T>) -> Arc<T> {
        if self.kept.len() >= self.full {
            self.kept.retain(|kept| Arc::strong_count(kept) > 1);
            self.full = (2 * self.kept.len()).max(FULL_AT_FIRST);
        }
        self.kept.insert(Arc::clone(&value));
        value
    }
}
