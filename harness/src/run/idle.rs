//! Owns [`Idle`]: the knowledge that nothing on the runtime's thread can go on by itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

/// Says when the runtime is about to wait: every task has done all that it can without news from
/// outside. It is asked for with [`arm`](Idle::arm) and rung by the runtime's hook before it parks; no time is involved.
///
/// After a ring the runtime polls the system once before it runs the woken task's successors, so a second
/// ring without anything in between also says that nothing had arrived on a socket.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    armed: AtomicBool,
    /// Whether the next time is passed over.
    passes: AtomicBool,
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Idle {
    /// Asks to be woken the time after the next that the runtime is about to wait.
    pub(crate) fn arm_after_one(&self, waker: &Waker) {
        self.passes.store(true, Ordering::Relaxed);
        self.arm(waker);
    }

    /// Asks to be woken the next time that the runtime is about to wait.
    pub(crate) fn arm(&self, waker: &Waker) {
        let mut known = self.waker.lock().expect("nobody panics while holding it");
        match known.as_mut() {
            Some(known) => known.clone_from(waker),
            None => *known = Some(waker.clone()),
        }
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Whether it has rung since it was last asked.
    pub(crate) fn take_ring(&self) -> bool {
        self.rung.swap(false, Ordering::Relaxed)
    }

    /// To be called by the runtime when it is about to wait.
    pub(crate) fn ring(&self) {
        if self.passes.swap(false, Ordering::Relaxed) {
            return;
        }
        if self.armed.swap(false, Ordering::Relaxed) {
            self.rung.store(true, Ordering::Relaxed);
            let known = self.waker.lock().expect("nobody panics while holding it");
            if let Some(waker) = known.as_ref() {
                waker.wake_by_ref();
            }
        }
    }
}
