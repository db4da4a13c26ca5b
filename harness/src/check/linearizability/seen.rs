//! Owns [`Seen`]: the pairs of placed items and state from which the search has already gone on.

use hashbrown::HashTable;

use super::placed::{Placed, mixed};

/// What Lowe adds to Wing and Gong's search: the same operations in another order that leads to the same state need
/// not be gone on from twice.
#[derive(Debug, Default)]
pub(super) struct Seen {
    table: HashTable<Pair>,
    /// The parts of all sets, one behind the other.
    words: Vec<u64>,
}

#[derive(Debug)]
struct Pair {
    hash: u64,
    full: u32,
    length: u32,
    begin: usize,
    state: u32,
}

impl Seen {
    /// Whether the pair is new; it no longer is.
    pub(super) fn insert(&mut self, placed: &Placed, state: u32) -> bool {
        let (full, part) = placed.part();
        let hash = placed.hash() ^ mixed(u64::from(state) << 32);
        let words = &self.words;
        let same = |pair: &Pair| {
            pair.hash == hash
                && pair.state == state
                && pair.full as usize == full
                && words[pair.begin..][..pair.length as usize] == *part
        };
        if self.table.find(hash, same).is_some() {
            return false;
        }
        let small =
            |count: usize| u32::try_from(count).expect("a set of items that are counted with 32 bits");
        let pair =
            Pair { hash, full: small(full), length: small(part.len()), begin: self.words.len(), state };
        self.words.extend_from_slice(part);
        self.table.insert_unique(hash, pair, |pair| pair.hash);
        true
    }

    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>() + self.table.capacity() * (size_of::<Pair>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_is_new_once() {
        let (mut seen, mut placed) = (Seen::default(), Placed::none_of(200));
        assert!(seen.insert(&placed, 0));
        placed.insert(150);
        assert!(seen.insert(&placed, 0) && seen.insert(&placed, 1));
        placed.insert(3);
        placed.remove(3);
        assert!(!seen.insert(&placed, 0) && !seen.insert(&placed, 1));
        placed.remove(150);
        assert!(!seen.insert(&placed, 0));
    }
}
