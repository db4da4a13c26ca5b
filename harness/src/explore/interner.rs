//! Owns [`Interner`]: equal values kept once.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Values of a search that come again and again.
#[derive(Debug)]
pub(super) struct Interner<T: ?Sized>(BTreeSet<Arc<T>>);

impl<T: ?Sized> Default for Interner<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: Ord + ?Sized> Interner<T> {
    /// The one that equals `value`.
    pub(super) fn keep<V: Borrow<T> + Into<Arc<T>>>(&mut self, value: V) -> Arc<T> {
        match self.0.get(value.borrow()) {
            Some(known) => Arc::clone(known),
            None => {
                let kept: Arc<T> = value.into();
                self.0.insert(Arc::clone(&kept));
                kept
            }
        }
    }
}
