//! Owns [`Holding`]: the server's processes that have been stopped, so that of several whose wait ends at once each
//! goes on when it is told to. A process that holds a lock of the server's own must not be stopped, for it would stop
//! all others too; so one is stopped only where it waits for an event.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::store::Processes;

/// What the server's processes are called.
const PROGRAM: &str = "postgres";
/// How long it may take until a process sleeps in its wait and has stopped there: a loaded machine may keep it from both.
const STOP_MS_MAX: Duration = Duration::from_secs(5);
/// The numbers of the system's calls named `epoll_wait`, `epoll_pwait`, `epoll_pwait2`, `poll` and `ppoll`: there a
/// wait for a heavyweight lock sleeps, while one for a lock in memory sleeps in `futex`.
#[cfg(target_arch = "x86_64")]
const EVENT_WAITS: &[i64] = &[232, 281, 441, 7, 271];
#[cfg(not(target_arch = "x86_64"))]
const EVENT_WAITS: &[i64] = &[22, 441, 73];

/// Stops and continues processes by the server's own numbers for them.
#[derive(Debug)]
pub(super) struct Holding {
    processes: Processes,
    /// Numbers here, by the server's numbers.
    known: BTreeMap<u64, Pid>,
    held: BTreeMap<u64, Pid>,
    /// Those of which it is not known yet whether they have stopped where they may.
    unsettled: Vec<u64>,
    /// One that was to be held and goes on.
    slipped: Option<u64>,
}

impl Holding {
    pub(super) fn new(processes: Processes) -> Self {
        Self {
            processes,
            known: BTreeMap::new(),
            held: BTreeMap::new(),
            unsettled: Vec::new(),
            slipped: None,
        }
    }

    /// A process that was to be held and could not be, told once.
    pub(super) fn slipped(&mut self) -> Option<u64> {
        self.slipped.take()
    }

    /// Whether `key` can be stopped from here.
    pub(super) fn reaches(&mut self, key: u64) -> bool {
        self.signalled(key).is_some()
    }

    /// Stops a process that waits. Whether it could be is known when it is [settled](Self::settle).
    pub(super) fn hold(&mut self, key: u64) {
        if self.held.contains_key(&key) {
            return;
        }
        let Some(pid) = self.find(key) else {
            self.slipped = Some(key);
            return;
        };
        // One that is gone needs no stopping.
        let _gone = kill_process(pid, Signal::STOP);
        self.held.insert(key, pid);
        self.unsettled.push(key);
    }

    /// Makes sure that every process that is held has stopped, and where it may. To be called before anything happens
    /// that could wake it.
    pub(super) fn settle(&mut self) {
        while let Some(key) = self.unsettled.pop() {
            let Some(pid) = self.held.get(&key).copied() else { continue };
            if !has_settled(pid) {
                let _gone = kill_process(pid, Signal::CONT);
                self.held.remove(&key);
                self.slipped = Some(key);
            }
        }
    }

    /// Continues a process, if it is stopped.
    pub(super) fn let_go(&mut self, key: u64) {
        if let Some(pid) = self.held.remove(&key) {
            let _gone = kill_process(pid, Signal::CONT);
        }
    }

    /// Forgets a process that has ended: its number may come again.
    pub(super) fn forget(&mut self, key: u64) {
        self.let_go(key);
        self.known.remove(&key);
    }

    /// Kills a process and all that are held; nothing that they wait for wakes them any more. `false` if it is not to be
    /// reached from here.
    pub(super) fn kill(&mut self, key: u64) -> bool {
        let Some(pid) = self.find(key) else { return false };
        let is_killed = kill_process(pid, Signal::KILL).is_ok();
        for held in std::mem::take(&mut self.held).into_values().filter(|_| is_killed) {
            let _gone = kill_process(held, Signal::KILL);
        }
        self.unsettled.clear();
        is_killed
    }

    /// The number here of a process that can be signalled.
    pub(super) fn signalled(&mut self, key: u64) -> Option<Pid> {
        self.find(key).filter(|pid| test_kill_process(*pid).is_ok())
    }

    /// Whether a process is to be stopped.
    pub(super) fn holds(&self, key: u64) -> bool {
        self.held.contains_key(&key)
    }

    fn find(&mut self, key: u64) -> Option<Pid> {
        if let Some(pid) = self.known.get(&key) {
            return Some(*pid);
        }
        let found = self.processes.find(u32::try_from(key).ok()?, PROGRAM)?;
        let pid = Pid::from_raw(i32::try_from(found).ok()?)?;
        self.known.insert(key, pid);
        Some(pid)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        for pid in self.held.values() {
            let _gone = kill_process(*pid, Signal::CONT);
        }
    }
}

/// Waits until a process that was told to stop has done so in a wait for an event. One that was elsewhere goes on until
/// it sleeps there, and is told again.
fn has_settled(pid: Pid) -> bool {
    let deadline = Instant::now() + STOP_MS_MAX;
    let mut is_told = true;
    while Instant::now() < deadline {
        match (place(pid), is_told) {
            // Asleep there or stopped there: with the signal it goes no further. Or it is gone.
            (Place::EventWait | Place::Unknown, true) => return true,
            (Place::EventWait | Place::Unknown, false) => {
                is_told = kill_process(pid, Signal::STOP).is_ok();
                if !is_told {
                    return true;
                }
            }
            (Place::Elsewhere, true) => {
                let _gone = kill_process(pid, Signal::CONT);
                is_told = false;
            }
            (Place::Elsewhere, false) => std::thread::yield_now(),
            (Place::OnItsWay, _) => std::thread::yield_now(),
        }
    }
    false
}

/// Where a process is, as far as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It sleeps or has stopped in a wait for an event.
    EventWait,
    /// It sleeps or has stopped somewhere else.
    Elsewhere,
    /// It runs, or is about to.
    OnItsWay,
    /// The system does not say, or the process is gone.
    Unknown,
}

pub(super) fn place(pid: Pid) -> Place {
    let call = std::fs::read_to_string(format!("/proc/{}/syscall", pid.as_raw_nonzero()));
    call.map_or(Place::Unknown, |call| place_in(&call))
}

/// proc(5): the number of the call comes first; one that is stopped in none has the number -1.
fn place_in(call: &str) -> Place {
    match call.split_ascii_whitespace().next() {
        Some("running") => Place::OnItsWay,
        Some(number) if number.parse().is_ok_and(|number: i64| EVENT_WAITS.contains(&number)) => {
            Place::EventWait
        }
        _ => Place::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wait_for_events_is_a_place_to_stop() {
        let waiting = format!("{} 0x4 0x5 0x1 0xffffffff 0x0 0x8 0x7ffd 0x7f00", EVENT_WAITS[0]);
        assert_eq!(place_in(&waiting), Place::EventWait);
        assert_eq!(place_in("running"), Place::OnItsWay);
        for elsewhere in ["-1 0x7ffd 0x7f00", "202 0x1", ""] {
            assert_eq!(place_in(elsewhere), Place::Elsewhere, "{elsewhere}");
        }
    }
}
