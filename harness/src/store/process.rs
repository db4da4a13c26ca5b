//! Owns the identity of processes and how ours are started and ended; what they run is the providers' business.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

use super::processes::children;

/// PostgreSQL gives its own children 5 s to end before it kills them.
const END_MS_MAX: u64 = 8_000;
const POLL_MS: u64 = 1;

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessIdentity {
    /// What it is to us: `redis-server`, `postgres`.
    pub(crate) name: String,
    pub(crate) pid: u32,
    /// When it started, in clock ticks since boot.
    pub(crate) start: u64,
}

impl ProcessIdentity {
    /// None if there is no such process, or no `/proc` to tell (then nothing is ever ended by number).
    pub(crate) fn of(name: &str, pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { name: name.to_owned(), pid, start: start_of(&stat)? })
    }

    /// Whether the very same process still runs; a zombie does not.
    pub(crate) fn is_alive(&self) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)) else { return false };
        start_of(&stat) == Some(self.start) && !matches!(state_of(&stat), Some("Z" | "X"))
    }

    /// Ends it if it is still the same process, and waits for that.
    pub(crate) fn end(&self) -> io::Result<()> {
        for signal in [Signal::QUIT, Signal::KILL] {
            if !self.is_alive() {
                return Ok(());
            }
            continue_children(self.pid)?;
            send(self.pid, signal)?;
            let deadline = Instant::now() + Duration::from_millis(END_MS_MAX);
            while self.is_alive() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(POLL_MS));
            }
        }
        if self.is_alive() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

/// Fields after the name, which stands in brackets and may hold anything, brackets too.
fn fields_of(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace()
}

fn state_of(stat: &str) -> Option<&str> {
    fields_of(stat).next()
}

/// proc(5): the start time is field 22, and the state is field 3.
fn start_of(stat: &str) -> Option<u64> {
    fields_of(stat).nth(22 - 3)?.parse().ok()
}

/// A server that we started and have not yet waited for, so its number is still its own.
#[derive(Debug)]
pub(crate) struct ChildServer {
    child: Child,
    identity: Option<ProcessIdentity>,
    name: &'static str,
    /// How it is told to end without writing anything down.
    signal: Signal,
}

impl ChildServer {
    pub(crate) fn new(name: &'static str, signal: Signal, child: Child) -> Self {
        let identity = ProcessIdentity::of(name, child.id());
        Self { child, identity, name, signal }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn identity(&self) -> Option<&ProcessIdentity> {
        self.identity.as_ref()
    }

    /// Ends it and reaps it.
    pub(crate) fn end(mut self) -> Result<(), String> {
        let name = self.name;
        self.end_and_reap().map_err(|error| format!("process {} (`{name}`): {error}", self.child.id()))
    }

    fn end_and_reap(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        continue_children(self.child.id())?;
        send(self.child.id(), self.signal)?;
        let deadline = Instant::now() + Duration::from_millis(END_MS_MAX);
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(POLL_MS));
        }
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

/// A process of a server that was stopped would not hear that it is to end, and the server would wait for it.
fn continue_children(pid: u32) -> io::Result<()> {
    children(pid).into_iter().try_for_each(|child| send(child, Signal::CONT))
}

fn send(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        result => Ok(result?),
    }
}

/// Kills all processes of a group that we have made; one that is gone is.
pub(crate) fn kill_group(group: u32) -> io::Result<()> {
    let group = i32::try_from(group).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    match rustix::process::kill_process_group(group, Signal::KILL) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        result => Ok(result?),
    }
}

/// Starts the command as a child that dies with this process where `setpriv` is available to arrange that.
///
/// The kernel sends a child its parent-death signal when the *thread* that started it ends, so a thread that lives as
/// long as the process does all the starting. The child gets a process group of its own, so that Ctrl-C on the
/// terminal reaches us alone, and it may run on the cores of whoever asks for it.
pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    type Job = (Command, Option<CpuSet>, mpsc::Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        let body = move || {
            for (mut command, cores, reply) in jobs {
                if let Some(cores) = cores {
                    // One that may run anywhere is slower and no less right.
                    let _ = sched_setaffinity(None, &cores);
                }
                // The asker waits for the answer, so it is there.
                let _ = reply.send(command.spawn());
            }
        };
        let thread = thread::Builder::new().name("raceproof-spawner".to_owned()).spawn(body);
        thread.expect("the system can start one more thread");
        sender
    });
    command.process_group(0);
    let (reply, answer) = mpsc::channel();
    spawner.send((command, sched_getaffinity(None).ok(), reply)).expect("the spawner thread never ends");
    answer.recv().expect("the spawner thread never ends")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 99 88";
        assert_eq!((state_of(stat), start_of(stat)), (Some("S"), Some(4242)));
    }

    #[test]
    fn a_later_process_of_the_same_number_is_not_ended() {
        let mut me = ProcessIdentity::of("me", std::process::id()).unwrap();
        assert!(me.is_alive());
        me.start += 1;
        assert!(!me.is_alive());
        me.end().unwrap();
    }
}
