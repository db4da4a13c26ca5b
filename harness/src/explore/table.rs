//! Owns [`Table`]: equal values written once, each with a number.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers for values, in the order in which they come.
#[derive(Debug)]
pub(super) struct Table<T: ?Sized> {
    numbers: BTreeMap<Arc<T>, u32>,
    values: Vec<Arc<T>>,
}

impl<T: ?Sized> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T: Ord + ?Sized> Table<T> {
    /// The number of `value`.
    pub(super) fn number(&mut self, value: &Arc<T>) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).expect("memory ends before numbers do");
        self.numbers.insert(Arc::clone(value), number);
        self.values.push(Arc::clone(value));
        number
    }

    /// The values, by number.
    pub(super) fn into_values(self) -> Vec<Arc<T>> {
        self.values
    }
}
