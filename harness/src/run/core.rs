//! Owns [`Core`]: the part of the machine on which one of several engines works together with its stores.
//!
//! An engine waits while its store works, and the store while the engine does, so the two never need more than one core. Where
//! there are not two for each engine, waking the other one on another core costs more than taking turns on the same one.

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::store::cores;

/// A core of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Core(usize);

impl Core {
    /// One for each of `engines`, of those on which this thread may run; `None` where there are two for each engine.
    pub(super) fn for_each(engines: u32) -> Vec<Option<Self>> {
        dealt(&cores(), engines)
    }

    /// Has this thread, and whatever it starts from now on, stay on the core.
    pub(super) fn keep_this_thread(self) {
        let mut only = CpuSet::new();
        only.set(self.0);
        // One that may run anywhere is slower and no less right.
        let _ = sched_setaffinity(None, &only);
    }
}

fn dealt(cores: &[usize], engines: u32) -> Vec<Option<Core>> {
    let is_roomy = cores.is_empty() || cores.len() >= 2 * engines as usize;
    (0..engines as usize).map(|engine| (!is_roomy).then(|| Core(cores[engine % cores.len()]))).collect()
}

#[cfg(test)]
mod tests {
    use rustix::thread::sched_getcpu;

    use super::*;

    #[test]
    fn cores_are_dealt_in_turn_where_there_are_not_two_for_each_engine() {
        let of = |cores: &[usize], engines| -> Vec<_> {
            dealt(cores, engines).into_iter().map(|core| core.map(|core| core.0)).collect()
        };
        assert_eq!(of(&[0, 1], 2), [Some(0), Some(1)]);
        assert_eq!(of(&[2, 5], 3), [Some(2), Some(5), Some(2)]);
        assert_eq!(of(&[0, 1, 2, 3], 2), [None, None]);
        assert_eq!(of(&[0, 1], 1), [None]);
        assert_eq!(of(&[], 2), [None, None]);
    }

    #[test]
    fn thread_that_is_kept_on_a_core_may_run_nowhere_else() {
        let kept = std::thread::spawn(|| {
            let core = dealt(&[sched_getcpu()], 1)[0].expect("one core is not two");
            core.keep_this_thread();
            (core.0, cores())
        });
        let (core, allowed) = kept.join().expect("it does not panic");
        assert_eq!(allowed, [core]);
    }
}
