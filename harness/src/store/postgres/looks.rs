//! Owns [`Looks`]: which of the waits that are held have looked for a deadlock. A process does so once in each wait, when
//! `deadlock_timeout` has passed by its own clock; afterwards it cannot be the victim any more.

use std::time::Duration;

/// Waits that are held, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Looks {
    waits: Vec<Wait>,
}

#[derive(Debug)]
struct Wait {
    key: u64,
    began: Duration,
    has_looked: bool,
}

impl Looks {
    /// A process waits since `now`, if it was not known to wait already.
    pub(super) fn begin(&mut self, key: u64, now: Duration) {
        if !self.keys().contains(&key) {
            self.waits.push(Wait { key, began: now, has_looked: false });
        }
    }

    /// Its wait is over.
    pub(super) fn end(&mut self, key: u64) {
        self.waits.retain(|wait| wait.key != key);
    }

    /// It has looked, whatever the time.
    pub(super) fn note(&mut self, key: u64) {
        for wait in self.waits.iter_mut().filter(|wait| wait.key == key) {
            wait.has_looked = true;
        }
    }

    /// It was told that it is `now`, and looks `timeout` after the begin of its wait.
    pub(super) fn tell(&mut self, key: u64, now: Duration, timeout: Duration) {
        for wait in self.waits.iter_mut().filter(|wait| wait.key == key) {
            wait.has_looked |= now >= wait.began + timeout;
        }
    }

    pub(super) fn has_looked(&self, key: u64) -> bool {
        self.waits.iter().any(|wait| wait.key == key && wait.has_looked)
    }

    /// Who waits, the first that has begun to first.
    pub(super) fn keys(&self) -> Vec<u64> {
        self.waits.iter().map(|wait| wait.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_looks_once_and_the_next_one_anew() {
        let (mut looks, second) = (Looks::default(), Duration::from_secs(1));
        looks.begin(7, second);
        looks.begin(3, second);
        looks.tell(7, second * 2, second * 2);
        assert!(!looks.has_looked(7));
        looks.tell(7, second * 3, second * 2);
        looks.begin(7, second * 3);
        assert!(looks.has_looked(7) && !looks.has_looked(3));
        assert_eq!(looks.keys(), [7, 3]);
        looks.end(7);
        looks.begin(7, second * 3);
        assert!(!looks.has_looked(7));
        looks.note(7);
        assert!(looks.has_looked(7) && looks.keys() == [3, 7]);
    }
}
