//! Owns the engines of this process: each is lent to one race at a time, and kept for the next.
//!
//! A race moves the clock of its servers and stops their processes, so no two races can have the same servers at the same
//! time; but one after the other can. So there are as many engines as races ever ran at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use raceproof::Error;
use raceproof::interrupt::Interrupt;
use raceproof::run::Jobs;
use raceproof::store::{Needs, ProviderChoice, StoreOptions, remove_at_exit};

static POOL: Pool =
    Pool { state: Mutex::new(State { idle: Vec::new(), is_lent: false }), returned: Condvar::new() };

struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<(Wanted, Jobs)>,
    /// Whether the servers that are named by URL, of which there is one set, are in use.
    is_lent: bool,
}

/// What a race needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) stores: StoreOptions,
    /// How many engines search at once.
    pub(crate) jobs: u32,
}

impl Wanted {
    fn is_one_set(&self) -> bool {
        self.stores.provider == ProviderChoice::Url
    }

    /// Whether engines that were started for `other` have all that is wanted. What else they have is left alone.
    fn is_met_by(&self, other: &Self) -> bool {
        let (needs, has) = (self.stores.needs, other.stores.needs);
        let has_enough = has.redis >= needs.redis && (has.postgres || !needs.postgres);
        let alike = StoreOptions { needs: has, ..self.stores.clone() };
        has_enough && alike == other.stores && self.jobs == other.jobs
    }
}

/// Engines that are lent. Dropping it keeps them for the next race.
pub(crate) struct Lease {
    wanted: Wanted,
    jobs: Option<Jobs>,
}

impl Lease {
    /// Waits for engines of which somebody else has the only set, takes idle ones, or starts some.
    pub(crate) fn of(wanted: Wanted) -> Result<Self, Error> {
        let mut state = POOL.lock();
        while wanted.is_one_set() && state.is_lent {
            state = POOL.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_lent |= wanted.is_one_set();
        if let Some(place) = state.idle.iter().position(|(has, _)| wanted.is_met_by(has)) {
            let (wanted, jobs) = state.idle.remove(place);
            return Ok(Self { wanted, jobs: Some(jobs) });
        }
        drop(state);
        let mut lease = Self { wanted, jobs: None };
        lease.jobs = Some(lease.start()?);
        Ok(lease)
    }

    fn start(&self) -> Result<Jobs, Error> {
        // Nobody drops what is kept for the next race, so it is removed when the process ends, in whichever way.
        remove_at_exit();
        let interrupt = Interrupt::install_without_grace().map_err(Error::Runtime)?;
        Jobs::start(&self.wanted.stores, self.wanted.jobs, &interrupt)
    }

    /// The engines.
    pub(crate) fn jobs(&mut self) -> &mut Jobs {
        self.jobs.as_mut().expect("there are engines until the lease is dropped")
    }

    /// Ends the engines, instead of keeping them: something is wrong with them or their stores.
    pub(crate) fn give_up(mut self) {
        drop(self.jobs.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = POOL.lock();
        state.idle.extend(self.jobs.take().map(|jobs| (self.wanted.clone(), jobs)));
        if self.wanted.is_one_set() {
            state.is_lent = false;
            POOL.returned.notify_one();
        }
    }
}

impl Pool {
    /// Nothing here is left half done by a panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing yet.
pub(crate) const NO_STORES: Needs = Needs { redis: 0, postgres: false };

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(needs: Needs) -> Wanted {
        Wanted { stores: StoreOptions { needs, ..StoreOptions::default() }, jobs: 1 }
    }

    #[test]
    fn engines_with_more_stores_do_and_those_with_fewer_or_others_do_not() {
        let both = wanted(Needs::BOTH);
        assert!(wanted(Needs::REDIS).is_met_by(&both) && both.is_met_by(&both));
        assert!(!both.is_met_by(&wanted(Needs::REDIS)) && !both.is_met_by(&wanted(Needs::POSTGRES)));
        assert!(!wanted(Needs { redis: 2, postgres: false }).is_met_by(&both));
        assert!(!Wanted { jobs: 2, ..both.clone() }.is_met_by(&both));
        let elsewhere = StoreOptions { provider: ProviderChoice::Local, ..both.stores.clone() };
        assert!(!Wanted { stores: elsewhere, jobs: 1 }.is_met_by(&both));
    }

    fn lent(wanted: Wanted) -> Lease {
        Lease::of(wanted).expect("redis-server is installed (see ci/setup)")
    }

    /// The next race has the servers of the one before; two at once have servers of their own.
    #[test]
    fn engines_are_kept_for_the_next_race_and_never_shared() {
        let (provider, needs) = (ProviderChoice::Local, Needs::REDIS);
        // Local servers have no image; it tells these from those of other tests.
        let redis_image = "kept for the next".to_owned();
        let stores = StoreOptions { provider, needs, redis_image, ..StoreOptions::default() };
        let wanted = || Wanted { stores: stores.clone(), jobs: 1 };
        let idle = || POOL.lock().idle.iter().filter(|(has, _)| *has == wanted()).count();
        drop(lent(wanted()));
        assert_eq!(idle(), 1);
        let first = lent(wanted());
        assert_eq!(idle(), 0);
        let second = lent(wanted());
        drop((first, second));
        assert_eq!(idle(), 2);
        lent(wanted()).give_up();
        assert_eq!(idle(), 1);
    }

    /// Else the next race would wait for ever.
    #[test]
    fn one_set_of_servers_is_free_again_when_it_could_not_be_had() {
        let provider = ProviderChoice::Url;
        let stores = StoreOptions { provider, needs: Needs::REDIS, ..StoreOptions::default() };
        for _ in 0..2 {
            assert!(Lease::of(Wanted { stores: stores.clone(), jobs: 1 }).is_err(), "no URL is given");
        }
    }
}
