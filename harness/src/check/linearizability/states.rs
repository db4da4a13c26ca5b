//! Owns [`States`]: every state that the search has met, kept once and named by a number.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::HashTable;

/// States by number, so that what the search remembers is small and quick to compare.
#[derive(Debug)]
pub(super) struct States<S> {
    all: Vec<S>,
    numbers: HashTable<(u64, u32)>,
    bytes: usize,
}

impl<S: Eq + Hash> States<S> {
    /// States of which `first` is number 0.
    pub(super) fn beginning_with(first: S) -> Self {
        let mut states = Self { all: Vec::new(), numbers: HashTable::new(), bytes: 0 };
        states.number(first, |_| 0);
        states
    }

    pub(super) fn get(&self, number: u32) -> &S {
        &self.all[number as usize]
    }

    /// The number of `state`; `bytes` says what it takes, should it be new.
    pub(super) fn number(&mut self, state: S, bytes: impl FnOnce(&S) -> usize) -> u32 {
        // Its keys are fixed, so numbers do not depend on the process.
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        let hash = hasher.finish();
        let all = &self.all;
        let known =
            self.numbers.find(hash, |(other, number)| *other == hash && all[*number as usize] == state);
        if let Some((_, number)) = known {
            return *number;
        }
        let number = u32::try_from(self.all.len()).expect("memory ends before four billion states");
        self.numbers.insert_unique(hash, (hash, number), |(hash, _)| *hash);
        self.bytes += bytes(&state) + size_of::<(u64, u32)>();
        self.all.push(state);
        number
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::States;

    #[test]
    fn equal_states_have_one_number() {
        let mut states = States::beginning_with("a");
        assert_eq!(["a", "b", "a", "c", "b"].map(|state| states.number(state, |_| 1)), [0, 1, 0, 2, 1]);
        assert_eq!(*states.get(2), "c");
    }
}
