//! Owns [`Core`]: the part of the machine on which an engine works together with its stores.
//!
//! An engine waits while its store works, and the store while the engine does, so the two never need more than one core, and waking
//! the other one on another core, which has gone idle, costs more than taking turns on the same one.

use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

use crate::store::cores;

/// A core of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Core(usize);

impl Core {
    /// One for each of `engines`, of those on which this thread may run; `None` where that is not known. The first is the one on
    /// which it runs: several programs that start at once are on different ones.
    pub(super) fn for_each(engines: u32) -> Vec<Option<Self>> {
        dealt(&cores(), sched_getcpu(), engines)
    }

    /// Has this thread, and whatever it starts from now on, stay on the core.
    pub(super) fn keep_this_thread(self) {
        let mut only = CpuSet::new();
        only.set(self.0);
        // One that may run anywhere is slower and no less right.
        let _ = sched_setaffinity(None, &only);
    }
}

fn dealt(cores: &[usize], current: usize, engines: u32) -> Vec<Option<Core>> {
    let first = cores.iter().position(|core| *core == current).unwrap_or(0);
    let core = |engine: usize| cores.get((first + engine).checked_rem(cores.len())?).copied().map(Core);
    (0..engines as usize).map(core).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_dealt_in_turn_from_the_current_one_on() {
        let of = |cores: &[usize], current, engines| -> Vec<_> {
            dealt(cores, current, engines).into_iter().map(|core| core.map(|core| core.0)).collect()
        };
        assert_eq!(of(&[0, 1], 0, 2), [Some(0), Some(1)]);
        assert_eq!(of(&[2, 5], 5, 3), [Some(5), Some(2), Some(5)]);
        assert_eq!(of(&[0, 1, 2, 3], 3, 2), [Some(3), Some(0)]);
        assert_eq!(of(&[0, 1], 1, 1), [Some(1)]);
        assert_eq!(of(&[4], 7, 1), [Some(4)]);
        assert_eq!(of(&[], 0, 2), [None, None]);
    }

    #[test]
    fn thread_that_is_kept_on_a_core_may_run_nowhere_else() {
        let kept = std::thread::spawn(|| {
            let core = Core::for_each(1)[0].expect("this system tells");
            core.keep_this_thread();
            (core.0, cores())
        });
        let (core, allowed) = kept.join().expect("it does not panic");
        assert_eq!(allowed, [core]);
    }
}
