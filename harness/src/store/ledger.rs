//! Owns the rule that everything started is removed exactly once, whoever comes first; it knows not what the things are.
//!
//! ```text
//! stop:    claim(run) ── removes ── done          The claim is atomic, so that of stop, drop and the signal thread
//! signal:        close() ── finds nothing ── wait  exactly one gets each thing; the others find nothing, and wait for each
//! start:                       hold() ── refused   other before they exit. What comes after the close is handed back.
//! start: begin() ── makes ── hold() ── done         Whoever closed it waits for those who were making something by then, and
//! signal:           close() ── waits ── removes     nobody begins after it.
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[cfg(raceproof_loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(raceproof_loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

/// Things to remove, in groups.
pub(crate) struct Ledger<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    closed: bool,
    next: u64,
    /// By number of arrival; the newest is removed first.
    held: BTreeMap<u64, (u64, T)>,
    /// Claims that somebody is still working on.
    claims: usize,
    /// Those who are making things.
    makers: usize,
}

/// Things that only the holder of this value may remove, and must. Dropping it says that this is done.
pub(crate) struct Claim<'a, T> {
    ledger: &'a Ledger<T>,
    items: Vec<T>,
}

/// Somebody is making things, not all of which are entered yet. Dropping it says that they are, or are gone.
pub(crate) struct Making<'a, T> {
    ledger: &'a Ledger<T>,
}

impl<T> Ledger<T> {
    pub(crate) fn new() -> Self {
        let state = State { closed: false, next: 0, held: BTreeMap::new(), claims: 0, makers: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// To be kept while things are made; none after [`Self::close`].
    pub(crate) fn begin(&self) -> Option<Making<'_, T>> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        state.makers += 1;
        Some(Making { ledger: self })
    }

    /// Enters a thing. After [`Self::close`] it is handed back as a claim, for the caller to remove at once.
    pub(crate) fn hold(&self, group: u64, item: T) -> Result<(), Claim<'_, T>> {
        let mut state = self.lock();
        if state.closed {
            return Err(self.claimed(&mut state, vec![item]));
        }
        let number = state.next;
        state.next += 1;
        state.held.insert(number, (group, item));
        Ok(())
    }

    /// Takes everything of one group, newest first.
    pub(crate) fn claim(&self, group: u64) -> Claim<'_, T> {
        self.claim_those(group, |_| true)
    }

    /// Takes what is `wanted` of one group, newest first.
    pub(crate) fn claim_those(&self, group: u64, wanted: impl Fn(&T) -> bool) -> Claim<'_, T> {
        let mut state = self.lock();
        let is_taken = |its_group: u64, item: &T| its_group == group && wanted(item);
        let taken: Vec<_> =
            state.held.extract_if(.., |_, (its_group, item)| is_taken(*its_group, item)).collect();
        self.claimed(&mut state, taken.into_iter().rev().map(|(_, (_, item))| item).collect())
    }

    /// Takes everything, newest first, and lets nothing in any more.
    pub(crate) fn close(&self) -> Claim<'_, T> {
        let mut state = self.lock();
        state.closed = true;
        let taken = std::mem::take(&mut state.held);
        self.claimed(&mut state, taken.into_values().rev().map(|(_, item)| item).collect())
    }

    /// Whether everything was taken to be removed.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits until nobody works on a claim; false if that took longer than the limit.
    pub(crate) fn wait_until_idle(&self, limit: Duration) -> bool {
        self.wait_while(limit, |state| state.claims > 0)
    }

    /// Waits until nobody makes anything; false if that took longer than the limit.
    pub(crate) fn wait_for_makers(&self, limit: Duration) -> bool {
        self.wait_while(limit, |state| state.makers > 0)
    }

    fn wait_while(&self, limit: Duration, is_so: impl Fn(&State<T>) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.lock();
        while is_so(&state) {
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            let waited = self.changed.wait_timeout(state, deadline - now);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        true
    }

    /// Waits for the others if the ledger is closed: whoever closed it has taken what we would have, and may be at work on
    /// it when we find nothing. False if that took longer than the limit.
    pub(crate) fn wait_for_closer(&self, limit: Duration) -> bool {
        !self.is_closed() || self.wait_until_idle(limit)
    }

    fn claimed(&self, state: &mut State<T>, items: Vec<T>) -> Claim<'_, T> {
        state.claims += 1;
        Claim { ledger: self, items }
    }

    /// A panic elsewhere must not keep us from cleaning up, and no change here is left half done by one.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<T> Claim<'_, T> {
    /// The things, to be removed while the claim is kept.
    pub(crate) fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.items)
    }

    /// The things together with the claim.
    pub(crate) fn take_keeping(mut self) -> (Vec<T>, Self) {
        (self.take(), self)
    }
}

impl<T> Drop for Claim<'_, T> {
    fn drop(&mut self) {
        self.ledger.lock().claims -= 1;
        self.ledger.changed.notify_all();
    }
}

impl<T> Drop for Making<'_, T> {
    fn drop(&mut self) {
        self.ledger.lock().makers -= 1;
        self.ledger.changed.notify_all();
    }
}

#[cfg(all(test, not(raceproof_loom)))]
mod tests {
    use super::*;

    #[test]
    fn makers_are_waited_for_and_none_begins_after_the_close() {
        let ledger = Ledger::<char>::new();
        let maker = ledger.begin();
        drop(ledger.close());
        assert!(!ledger.wait_for_makers(Duration::ZERO) && ledger.begin().is_none());
        drop(maker);
        assert!(ledger.wait_for_makers(Duration::ZERO));
    }

    #[test]
    fn a_group_is_claimed_once_and_newest_first() {
        let ledger = Ledger::new();
        for (group, item) in [(1, 'a'), (2, 'b'), (1, 'c')] {
            assert!(ledger.hold(group, item).is_ok());
        }
        assert_eq!(ledger.claim(1).take(), ['c', 'a']);
        assert!(ledger.claim(1).take().is_empty());
        assert!(ledger.claim_those(2, |item| *item == 'x').take().is_empty());
        assert_eq!(ledger.close().take(), ['b']);
    }

    #[test]
    fn what_comes_after_the_close_is_handed_back() {
        let ledger = Ledger::new();
        drop(ledger.close());
        assert_eq!(ledger.hold(1, 'a').err().map(|mut claim| claim.take()), Some(vec!['a']));
    }

    #[test]
    fn idle_means_that_no_claim_is_open() {
        let ledger = Ledger::<char>::new();
        let claim = ledger.claim(1);
        assert!(!ledger.wait_until_idle(Duration::ZERO));
        assert!(!ledger.is_closed() && ledger.wait_for_closer(Duration::ZERO), "nobody has closed it");
        drop(ledger.close());
        assert!(ledger.is_closed());
        assert!(!ledger.wait_for_closer(Duration::ZERO));
        drop(claim);
        assert!(ledger.wait_until_idle(Duration::ZERO));
    }
}

/// Every interleaving of the threads, by loom. Run with
/// `RUSTFLAGS="--cfg raceproof_loom" cargo test -p raceproof --lib loom`.
#[cfg(all(test, raceproof_loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

    const LONG: Duration = Duration::from_secs(3600);

    /// Removes what a claim gives; each thing is a counter of its own removals.
    fn remove(claim: &mut Claim<'_, Arc<AtomicUsize>>) {
        for thing in claim.take() {
            thing.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Stop, drop and the signal thread race for the same things: each is removed exactly once.
    #[test]
    fn racing_removers_remove_each_thing_exactly_once() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let things = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
            for thing in &things {
                assert!(ledger.hold(1, Arc::clone(thing)).is_ok());
            }
            let stop = {
                let ledger = Arc::clone(&ledger);
                thread::spawn(move || remove(&mut ledger.claim(1)))
            };
            let signal = {
                let ledger = Arc::clone(&ledger);
                thread::spawn(move || remove(&mut ledger.close()))
            };
            remove(&mut ledger.claim(1));
            stop.join().unwrap();
            signal.join().unwrap();
            assert!(things.iter().all(|thing| thing.load(Ordering::SeqCst) == 1));
        });
    }

    /// A thing that is entered while the signal thread cleans is removed by one of the two, and when the signal thread
    /// goes on to exit, no removal is under way.
    #[test]
    fn a_thing_entered_while_cleaning_is_not_lost() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let thing = Arc::new(AtomicUsize::new(0));
            let start = {
                let (ledger, thing) = (Arc::clone(&ledger), Arc::clone(&thing));
                thread::spawn(move || {
                    if let Err(mut refused) = ledger.hold(1, thing) {
                        remove(&mut refused);
                    }
                })
            };
            remove(&mut ledger.close());
            assert!(ledger.wait_until_idle(LONG));
            start.join().unwrap();
            assert_eq!(thing.load(Ordering::SeqCst), 1);
        });
    }

    /// When the signal thread removes what there is, nobody makes anything, and nobody will.
    #[test]
    fn nothing_is_made_while_everything_is_removed() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::<()>::new());
            let made = Arc::new(AtomicUsize::new(0));
            let start = {
                let (ledger, made) = (Arc::clone(&ledger), Arc::clone(&made));
                thread::spawn(move || {
                    if let Some(_making) = ledger.begin() {
                        made.fetch_add(1, Ordering::SeqCst);
                        made.fetch_add(1, Ordering::SeqCst);
                    }
                })
            };
            drop(ledger.close());
            assert!(ledger.wait_for_makers(LONG));
            let whole = made.load(Ordering::SeqCst);
            start.join().unwrap();
            assert!(whole != 1 && made.load(Ordering::SeqCst) == whole);
        });
    }

    /// The signal thread exits only after the other removers are done.
    #[test]
    fn idle_waits_for_the_other_claims() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let thing = Arc::new(AtomicUsize::new(0));
            assert!(ledger.hold(1, Arc::clone(&thing)).is_ok());
            let stop = {
                let ledger = Arc::clone(&ledger);
                thread::spawn(move || remove(&mut ledger.claim(1)))
            };
            remove(&mut ledger.close());
            assert!(ledger.wait_until_idle(LONG));
            assert_eq!(thing.load(Ordering::SeqCst), 1);
            stop.join().unwrap();
        });
    }
}
