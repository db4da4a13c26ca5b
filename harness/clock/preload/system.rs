//! Owns the calls to the kernel, made by hand.

use core::arch::asm;

use crate::{Bytes, Timer, Timespec};

#[cfg(target_arch = "x86_64")]
mod numbers {
    pub(super) const READ: usize = 0;
    pub(super) const CLOSE: usize = 3;
    pub(super) const MMAP: usize = 9;
    pub(super) const SETITIMER: usize = 38;
    pub(super) const KILL: usize = 62;
    pub(super) const CLOCK_GETTIME: usize = 228;
    pub(super) const OPENAT: usize = 257;
}

#[cfg(target_arch = "aarch64")]
mod numbers {
    pub(super) const OPENAT: usize = 56;
    pub(super) const CLOSE: usize = 57;
    pub(super) const READ: usize = 63;
    pub(super) const SETITIMER: usize = 103;
    pub(super) const CLOCK_GETTIME: usize = 113;
    pub(super) const KILL: usize = 129;
    pub(super) const MMAP: usize = 222;
}

const HERE: usize = -100_isize as usize;
const READ_ONLY_CLOSE_ON_EXEC: usize = 0o2_000_000;
const PROTECTION_READ: usize = 1;
const MAP_SHARED: usize = 1;
const PAGE_BYTES: usize = 4096;

/// A file that is open for reading.
pub(crate) struct File(usize);

impl File {
    /// Opens the file whose path is at `path`, ended by a zero.
    pub(crate) fn open(path: *const u8) -> Option<Self> {
        // SAFETY: the kernel reads the path up to its zero.
        let opened = unsafe {
            call(numbers::OPENAT, [HERE, path as usize, READ_ONLY_CLOSE_ON_EXEC, 0, 0, 0])
        };
        usize::try_from(opened).ok().map(Self)
    }

    /// Reads the next bytes; how many there were.
    pub(crate) fn read(&self, buffer: &mut [usize]) -> usize {
        let bytes = size_of_val(buffer);
        // SAFETY: the kernel writes no more than that into what is ours.
        let read = unsafe { call(numbers::READ, [self.0, buffer.as_mut_ptr() as usize, bytes, 0, 0, 0]) };
        usize::try_from(read).unwrap_or(0)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: it is ours and not used any more.
        unsafe { call(numbers::CLOSE, [self.0, 0, 0, 0, 0, 0]) };
    }
}

/// Maps the first page of a file, as others write to it.
pub(crate) fn map(path: *const u8) -> Option<Bytes> {
    let file = File::open(path)?;
    // SAFETY: the kernel chooses a place where nothing is.
    let mapped = unsafe { call(numbers::MMAP, [0, PAGE_BYTES, PROTECTION_READ, MAP_SHARED, file.0, 0]) };
    (mapped > 0).then_some(mapped as Bytes)
}

/// clock_gettime(2) by way of the kernel.
///
/// # Safety
/// `time` is null or may be written to.
pub(crate) unsafe fn clock_gettime(clock: i32, time: *mut Timespec) -> isize {
    // SAFETY: the caller's word; the kernel itself refuses what cannot be written to.
    unsafe { call(numbers::CLOCK_GETTIME, [clock as usize, time as usize, 0, 0, 0, 0]) }
}

/// setitimer(2).
///
/// # Safety
/// `new` is null or may be read, `old` is null or may be written to.
pub(crate) unsafe fn set_timer(which: i32, new: *const Timer, old: *mut Timer) -> isize {
    // SAFETY: the caller's word; the kernel itself refuses what cannot be read or written to.
    unsafe { call(numbers::SETITIMER, [which as usize, new as usize, old as usize, 0, 0, 0]) }
}

/// Whether there is such a process, be it another user's: kill(2) with no signal.
pub(crate) fn lives(process: usize) -> bool {
    const NO_SUCH_PROCESS: isize = -3;
    // SAFETY: nothing is sent.
    unsafe { call(numbers::KILL, [process, 0, 0, 0, 0, 0]) != NO_SUCH_PROCESS }
}

/// A call to the kernel; errors are negative.
///
/// # Safety
/// That of the call.
#[cfg(target_arch = "x86_64")]
unsafe fn call(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel's convention, with everything named that it changes.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            in("r8") e, in("r9") f, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// A call to the kernel; errors are negative.
///
/// # Safety
/// That of the call.
#[cfg(target_arch = "aarch64")]
unsafe fn call(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel's convention, with everything named that it changes.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d,
            in("x4") e, in("x5") f, options(nostack));
    }
    result
}
