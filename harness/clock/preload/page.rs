//! Owns the page: where it is, and its mapping.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use crate::{room, system, vdso};

/// The page's path, once it is filled in.
#[used]
static PATH: [u8; room::ROOM_BYTES] = room::unfilled();

static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());
static IS_READY: AtomicBool = AtomicBool::new(false);

/// What the page says; 0 if there is none.
pub(crate) fn nanos() -> u64 {
    if !IS_READY.load(Ordering::Acquire) {
        prepare();
    }
    let page = PAGE.load(Ordering::Relaxed);
    if page.is_null() {
        return 0;
    }
    // SAFETY: it points to a mapping of a whole page that is never undone.
    unsafe { &*page }.load(Ordering::Relaxed)
}

/// Finds the page and the system's clock. Two threads may do so at once: the one mapping is as good as the other. A child
/// process inherits all of it.
#[cold]
fn prepare() {
    vdso::find();
    if let Some(page) = system::map(PATH.as_ptr()) {
        PAGE.store(page.cast_mut().cast(), Ordering::Relaxed);
    }
    IS_READY.store(true, Ordering::Release);
}
