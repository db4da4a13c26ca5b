//! Owns the page: where it is, and its mapping.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use crate::{room, system, vdso};

/// The page's path, once it is filled in.
#[used]
static PATH: [u8; room::ROOM_BYTES] = room::unfilled();

static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());
static IS_READY: AtomicBool = AtomicBool::new(false);

/// The words of the page: what time it is, and which process sets it (0 if that cannot be seen from here).
const TIME: usize = 0;
const OWNER: usize = 1;

/// What the page says; 0 if there is none.
pub(crate) fn nanos() -> u64 {
    word(TIME)
}

/// Whether the process that sets the time is gone, so that it stands still for ever.
pub(crate) fn is_orphaned() -> bool {
    let owner = word(OWNER);
    owner != 0 && !system::lives(owner as usize)
}

fn word(index: usize) -> u64 {
    if !IS_READY.load(Ordering::Acquire) {
        prepare();
    }
    let page = PAGE.load(Ordering::Relaxed);
    if page.is_null() {
        return 0;
    }
    // SAFETY: it points to a mapping of a whole page that is never undone, and there is room for both words.
    unsafe { &*page.add(index) }.load(Ordering::Relaxed)
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
