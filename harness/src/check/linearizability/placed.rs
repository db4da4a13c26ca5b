//! Owns [`Placed`]: which items have a place in the order that is being tried.

/// A set of items with a hash that costs nothing to keep, and with its interesting part: operations are placed
/// more or less as they came, so all words before some are full and all after some are empty.
#[derive(Debug)]
pub(super) struct Placed {
    words: Vec<u64>,
    /// All words before this one are full.
    low: usize,
    /// All words from this one on are empty.
    high: usize,
    hash: u64,
}

impl Placed {
    pub(super) fn none_of(items: usize) -> Self {
        Self { words: vec![0; items.div_ceil(64) + 1], low: 0, high: 0, hash: 0 }
    }

    pub(super) fn contains(&self, item: u32) -> bool {
        self.words[item as usize / 64] & (1 << (item % 64)) != 0
    }

    pub(super) fn insert(&mut self, item: u32) {
        let word = item as usize / 64;
        self.words[word] |= 1 << (item % 64);
        self.hash ^= mixed(item.into());
        self.high = self.high.max(word + 1);
        // The last word stays empty, so this ends.
        while self.words[self.low] == u64::MAX {
            self.low += 1;
        }
    }

    pub(super) fn remove(&mut self, item: u32) {
        let word = item as usize / 64;
        self.words[word] &= !(1 << (item % 64));
        self.hash ^= mixed(item.into());
        self.low = self.low.min(word);
        while self.high > 0 && self.words[self.high - 1] == 0 {
            self.high -= 1;
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// How many words are full, and the words between the full and the empty ones. Equal sets have equal parts.
    pub(super) fn part(&self) -> (usize, &[u64]) {
        (self.low, self.words.get(self.low..self.high).unwrap_or_default())
    }
}

/// Sixty-four bits that look like chance, of a number (the finaliser of Steele, Lea and Flood's SplitMix).
pub(super) fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same set, however it came about, has the same hash and part: the memory of the search rests on it.
    #[test]
    fn equal_sets_are_told_alike() {
        let (mut forwards, mut backwards) = (Placed::none_of(192), Placed::none_of(192));
        (0..130).for_each(|item| forwards.insert(item));
        (0..192).rev().for_each(|item| backwards.insert(item));
        (130..192).for_each(|item| backwards.remove(item));
        assert_eq!((forwards.hash(), forwards.part()), (backwards.hash(), backwards.part()));
        assert_eq!(forwards.part(), (2, &[0b11][..]));
        assert!(forwards.contains(129) && !forwards.contains(130));
    }

    #[test]
    fn full_and_empty_sets_have_no_part() {
        let mut placed = Placed::none_of(128);
        assert_eq!(placed.part(), (0, &[][..]));
        (0..128).for_each(|item| placed.insert(item));
        assert_eq!(placed.part(), (2, &[][..]));
        (0..128).for_each(|item| placed.remove(item));
        assert_eq!((placed.part(), placed.hash()), ((0, &[][..]), 0));
    }
}
