//! Owns [`Earliest`]: how far it is worth going where several searches go on side by side and the earliest violation counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The smallest number of an execution with a violation that any of several searches has found; `u64::MAX` for none. Clones
/// share it.
///
/// It only ever falls, and each search goes on until its own count has reached it. So every execution with a smaller number
/// is made, however the threads are run, and the smallest of all is known in the end.
#[derive(Debug, Clone)]
pub(crate) struct Earliest(Arc<AtomicU64>);

impl Default for Earliest {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Earliest {
    /// A search found a violation in the execution that was its `number`th.
    pub(crate) fn note(&self, number: u64) {
        self.0.fetch_min(number, Ordering::Relaxed);
    }

    /// Nothing counts any more: all searches are to end.
    pub(crate) fn give_up(&self) {
        self.note(0);
    }

    /// Whether a search that has made so many executions cannot find an earlier one.
    pub(crate) fn is_out_of_reach(&self, executions: u64) -> bool {
        executions >= self.0.load(Ordering::Relaxed)
    }

    /// While it lives, a panic of this thread ends all searches.
    pub(crate) fn given_up_by_a_panic(&self) -> impl Drop + use<> {
        GivenUpByPanic(self.clone())
    }
}

struct GivenUpByPanic(Earliest);

impl Drop for GivenUpByPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.give_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one that found it first in time may be later by number; ties are for the caller to break, so the other one goes
    /// on to the same number.
    #[test]
    fn searches_go_on_to_the_smallest_number_that_was_found() {
        let earliest = Earliest::default();
        assert!(!earliest.is_out_of_reach(u64::MAX - 1));
        earliest.note(7);
        earliest.clone().note(9);
        assert!(!earliest.is_out_of_reach(6) && earliest.is_out_of_reach(7));
        earliest.give_up();
        assert!(earliest.is_out_of_reach(0));
    }

    #[test]
    fn panic_of_one_ends_all_and_an_ordinary_end_does_not() {
        let earliest = Earliest::default();
        drop(earliest.given_up_by_a_panic());
        assert!(!earliest.is_out_of_reach(1));
        let guard = earliest.given_up_by_a_panic();
        let panicked = thread::spawn(move || {
            let _guard = guard;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err() && earliest.is_out_of_reach(0));
    }
}
