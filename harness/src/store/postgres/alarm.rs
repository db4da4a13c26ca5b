//! Owns the alarm: how a process of the server is told that time has passed. Its timers run by the real clock, and when
//! one rings it asks what time it is: too early for what it waits for, as long as the clock stands still. So the ringing
//! is done here, when the clock has moved.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::holding::{Place, place};

/// How long a process may be busy with what the alarm made it do, before it is left to itself.
const BUSY_MS_MAX: Duration = Duration::from_millis(500);

/// One row for each session but our own that is in the middle of something: its process.
pub(super) const SESSIONS: &str = "sessions";
pub(super) const SESSIONS_SQL: &str = "
    SELECT pid FROM pg_stat_get_activity(NULL)
    WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
    ORDER BY pid";

/// Tells the process.
pub(super) fn ring(pid: Pid) {
    // One that is gone has nothing to do.
    let _gone = kill_process(pid, Signal::ALARM);
}

/// Waits until a process has done what it does because of the alarm: it has taken the signal, and sleeps again.
pub(super) fn settle(pid: Pid) {
    let deadline = Instant::now() + BUSY_MS_MAX;
    while Instant::now() < deadline {
        // In this order: a process that took the signal before the first look runs until it sleeps again.
        let has_taken = !is_pending(pid);
        match place(pid) {
            Place::EventWait | Place::Unknown if has_taken => return,
            _ => std::thread::yield_now(),
        }
    }
}

/// proc(5): pending signals of the thread and of the process, as bits from the right, the first for signal 1.
fn is_pending(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
    status.is_ok_and(|status| is_pending_in(&status))
}

fn is_pending_in(status: &str) -> bool {
    let bit = 1 << (Signal::ALARM.as_raw() - 1);
    let masks =
        status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    masks.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok()).any(|mask| mask & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_alarm_is_seen_among_other_signals() {
        let status =
            |own: &str, shared: &str| format!("Name:\tx\nSigPnd:\t{own}\nShdPnd:\t{shared}\nSigBlk:\tffff\n");
        assert!(is_pending_in(&status("0000000000000000", "0000000000002000")));
        assert!(is_pending_in(&status("0000000000002001", "0000000000000000")));
        assert!(!is_pending_in(&status("0000000000001000", "0000000000004000")));
    }
}
