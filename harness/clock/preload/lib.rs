//! Owns the preload library: the C library's clocks for whatever program it is loaded into. It needs no other library
//! (so it loads beside any C library), no memory of its own and no environment.
//!
//! A real-time clock answers what the page says, in nanoseconds since the UNIX epoch. Every other clock, and every clock
//! while the page says 0 or is not there, answers what the system does.

#![no_std]

mod page;
mod room;
mod system;
mod vdso;

use core::ffi::{c_int, c_long, c_void};

/// What `clock_gettime` fills in, on 64-bit Linux.
#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanos: c_long,
}

/// What `setitimer` takes and fills in.
#[repr(C)]
pub struct Timer {
    interval: Timeval,
    value: Timeval,
}

/// What `gettimeofday` fills in.
#[repr(C)]
pub struct Timeval {
    seconds: i64,
    micros: c_long,
}

/// The time zone that `gettimeofday` fills in: not in use since Linux began, so always zero.
#[repr(C)]
pub struct Timezone {
    minutes_west: c_int,
    daylight_saving: c_int,
}

const REALTIME: c_int = 0;
const MONOTONIC: c_int = 1;
const REALTIME_COARSE: c_int = 5;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The time of the page, if it says one.
fn chosen() -> Option<Timespec> {
    let nanos = page::nanos();
    // Both fit: neither is more than 2^64 / 10^9.
    let (seconds, rest) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    (nanos != 0).then_some(Timespec { seconds: seconds as i64, nanos: rest as c_long })
}

/// clock_gettime(2), but that `errno` stays as it is: where it lies only the C library knows.
///
/// # Safety
/// `time` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    if matches!(clock, REALTIME | REALTIME_COARSE) && !time.is_null() {
        if let Some(chosen) = chosen() {
            // SAFETY: not null, and the caller's word is that it may be written to.
            unsafe { time.write(chosen) };
            return 0;
        }
    }
    // SAFETY: the same promise.
    unsafe { vdso::clock_gettime(clock, time) }
}

/// gettimeofday(2).
///
/// # Safety
/// Both are null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut Timeval, zone: *mut Timezone) -> c_int {
    if !zone.is_null() {
        // SAFETY: not null, and the caller's word is that it may be written to.
        unsafe { zone.write(Timezone { minutes_west: 0, daylight_saving: 0 }) };
    }
    if !time.is_null() {
        let mut now = Timespec { seconds: 0, nanos: 0 };
        // SAFETY: it is ours.
        if unsafe { clock_gettime(REALTIME, &raw mut now) } != 0 {
            return -1;
        }
        // SAFETY: not null, and the caller's word is that it may be written to.
        unsafe { time.write(Timeval { seconds: now.seconds, micros: now.nanos / 1_000 }) };
    }
    0
}

/// time(2): from the coarse clock, as the system's own. When nobody sets the clock any more, seconds go by from where it was
/// left: a server whose owner was killed counts them until it ends by force what does not end by itself.
///
/// # Safety
/// `seconds` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(seconds: *mut i64) -> i64 {
    let mut now = Timespec { seconds: 0, nanos: 0 };
    // SAFETY: it is ours.
    if unsafe { clock_gettime(REALTIME_COARSE, &raw mut now) } != 0 {
        return -1;
    }
    if page::nanos() != 0 && page::is_orphaned() {
        let mut since_start = Timespec { seconds: 0, nanos: 0 };
        // SAFETY: it is ours.
        unsafe { vdso::clock_gettime(MONOTONIC, &raw mut since_start) };
        now.seconds += since_start.seconds;
    }
    if !seconds.is_null() {
        // SAFETY: not null, and the caller's word is that it may be written to.
        unsafe { seconds.write(now.seconds) };
    }
    now.seconds
}

/// setitimer(2). While the page says what time it is, nothing rings earlier than after a while: a program whose timer rings
/// asks for the time, finds that it is too early, and would set the timer to what is left of it over and over.
///
/// # Safety
/// Both are null or what setitimer(2) wants.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setitimer(which: c_int, new: *const Timer, old: *mut Timer) -> c_int {
    const REAL: c_int = 0;
    const LEAST: Timeval = Timeval { seconds: 0, micros: 5_000 };
    let result = if which == REAL && !new.is_null() && chosen().is_some() {
        // SAFETY: not null, and the caller's word is that it may be read.
        let mut timer = unsafe { new.read() };
        let is_short = timer.value.seconds == 0 && (1..LEAST.micros).contains(&timer.value.micros);
        if is_short {
            timer.value = LEAST;
        }
        // SAFETY: the one is ours, and the other is what the caller says.
        unsafe { system::set_timer(which, &raw const timer, old) }
    } else {
        // SAFETY: the caller's word.
        unsafe { system::set_timer(which, new, old) }
    };
    if result == 0 { 0 } else { -1 }
}

/// What is read or looked for lies where it is expected, and nothing here can panic; if it did, the program would stand
/// still here instead of going on with a wrong time.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// A pointer that bytes of the system's are read from.
type Bytes = *const c_void;
