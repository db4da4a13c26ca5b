//! Owns the lock family: who may be in a critical section, for how long, and what is left when something breaks.
//!
//! A lock is judged under several fault models: a lease that holds as long as nothing pauses or breaks is the right one
//! for some, and a disaster for others.

mod advisory;
mod fenced;
mod getset;
mod guarded;
mod lease_row;
mod link;
mod per_process;
mod promises;
mod redlock;
mod reentrant;
mod renewal;
mod repeated;
mod session;
mod set_nx_px;
mod stranger;
mod waking;
mod without_ttl;

use std::sync::Arc;

use raceproof::Scenario;

/// Every variant of the family.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let locks = [
        without_ttl::all(),
        set_nx_px::all(),
        stranger::all(),
        getset::all(),
        renewal::all(),
        fenced::all(),
        redlock::all(),
        waking::all(),
        repeated::all(),
        reentrant::all(),
        per_process::all(),
        advisory::all(),
        lease_row::all(),
    ];
    locks.into_iter().flatten().collect()
}
