//! Owns [`Surroundings`]: whether this process has anything that could wake a worker by itself, besides what the gate and
//! the run's clock let through.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{SigSet, Signal};
use tokio::net::UnixStream;

/// How the names of all threads that we start begin, but that of the alarm's.
const OURS: &str = "raceproof-";
const ALARM: &str = "alarm";
/// The number of the system's call in which a thread sleeps that waits for another one.
#[cfg(target_arch = "x86_64")]
const FUTEX: &str = "202";
#[cfg(not(target_arch = "x86_64"))]
const FUTEX: &str = "98";

/// The signal that is blocked on the threads on which our runtimes run. Threads inherit that of the one that starts them, so those
/// without it are none that a worker has started, whatever they are called. Linux never sends it.
const MARK: Signal = Signal::SIGSTKFLT;

/// The threads on which runtimes of ours run: in tests there are several at once, and none wakes the workers of another.
static HOMES: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static RUNTIMES: AtomicU64 = AtomicU64::new(0);

/// One runtime, as the system sees it: where its workers run and what it listens to.
#[derive(Debug)]
pub(crate) struct Home {
    /// What the threads of its blocking tasks are called.
    name: String,
    /// The folder of the thread on which it runs.
    thread: PathBuf,
    /// What the system tells of its list of sockets.
    sockets: PathBuf,
}

impl Home {
    /// What the next runtime's threads for blocking tasks are to be called.
    pub(crate) fn next_name() -> String {
        format!("{OURS}{}", RUNTIMES.fetch_add(1, Ordering::Relaxed))
    }

    /// The runtime whose thread calls, with its blocking threads called `name`; `None` where the system does not tell. The thread,
    /// and all that it starts from now on, are marked.
    pub(crate) fn here(name: String) -> Option<Self> {
        let mut marks = SigSet::empty();
        marks.add(MARK);
        marks.thread_block().ok()?;
        let own = fs::read_link("/proc/thread-self").ok()?;
        let number = own.file_name()?.to_str()?.parse().ok()?;
        HOMES.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        Some(Self { name, thread: Path::new("/proc").join(own), sockets: list_of_sockets().ok()?? })
    }

    fn is_harmless(&self, number: u32, folder: &Path) -> bool {
        if HOMES.lock().unwrap_or_else(PoisonError::into_inner).contains(&number) {
            return true;
        }
        // Test harnesses and other programs start and end threads all the time.
        if !is_marked(folder) {
            return true;
        }
        let name_of = |folder: &Path| fs::read_to_string(folder.join("comm")).unwrap_or_default();
        let name = name_of(folder);
        // One without a name of its own has that of the thread that started it: a worker did.
        if name == name_of(&self.thread) {
            return false;
        }
        let name = name.trim_end();
        if name == self.name {
            // It has nothing to do, or waits for others.
            let call = fs::read_to_string(folder.join("syscall")).unwrap_or_default();
            return call.split_ascii_whitespace().next() == Some(FUTEX);
        }
        // One that has ended meanwhile wakes nobody any more, and whom it has woken is at work.
        name.starts_with(OURS) || name == ALARM || !folder.exists()
    }
}

/// proc(5): a line `SigBlk:` with the signals as bits, the first one lowest. Where there is none every thread counts as marked.
fn is_marked(folder: &Path) -> bool {
    let blocks = |bits: u64, signal: Signal| bits & (1 << (signal as i32 - 1)) != 0;
    for _ in 0..LOOKS_MAX {
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
        let Some(bits) = blocked.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()) else {
            return true;
        };
        // The C library blocks every signal while a thread begins and while it ends, and nobody blocks this one else.
        if !blocks(bits, Signal::SIGSEGV) {
            return blocks(bits, MARK);
        }
        std::thread::yield_now();
    }
    true
}

/// Most looks at a thread that begins or ends, until it has begun or is gone.
const LOOKS_MAX: usize = 10_000;

/// The description of the list on which this runtime's sockets are: that which has a socket of ours on it.
fn list_of_sockets() -> io::Result<Option<PathBuf>> {
    let (probe, _other) = UnixStream::pair()?;
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let is_list =
            fs::read_link(entry.path()).is_ok_and(|target| target.ends_with("anon_inode:[eventpoll]"));
        let description = Path::new("/proc/self/fdinfo").join(entry.file_name());
        if is_list && listed(&description).is_some_and(|all| all.contains(&probe.as_raw_fd())) {
            return Ok(Some(description));
        }
    }
    Ok(None)
}

/// proc(5): a line `tfd: NUMBER …` for each.
fn listed(description: &Path) -> Option<Vec<i32>> {
    let text = fs::read_to_string(description).ok()?;
    let number = |line: &str| line.strip_prefix("tfd:")?.split_ascii_whitespace().next()?.parse().ok();
    Some(text.lines().filter_map(number).collect())
}

/// Which threads the process has, how many children those have that run on the runtime's thread, and how many sockets the
/// runtime listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    threads: BTreeSet<u32>,
    children: usize,
    sockets: usize,
}

impl Surroundings {
    /// Those of now without `known` sockets, which are the gate's and its clients'; `None` where the system does not tell.
    pub(crate) fn now(home: &Home, known: usize) -> Option<Self> {
        let threads = fs::read_dir("/proc/self/task").ok()?.flatten();
        let threads = threads.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        let children = fs::read_to_string(home.thread.join("children")).ok()?.split_whitespace().count();
        let sockets = listed(&home.sockets)?.len().checked_sub(known)?;
        Some(Self { threads, children, sockets })
    }

    /// Whether there is nothing in these that is not in `before` and might wake somebody.
    pub(crate) fn add_nothing_to(&self, before: &Self, home: &Home) -> bool {
        let is_harmless =
            |number: &u32| home.is_harmless(*number, &Path::new("/proc/self/task").join(number.to_string()));
        self.children <= before.children
            && self.sockets <= before.sockets
            && self.threads.difference(&before.threads).all(is_harmless)
    }

    /// These, when what was `before` has become `after` by our own doing. That is a matter of sockets: our threads are known
    /// by their names, and no server is a child of the runtime's thread.
    pub(crate) fn moved(self, before: &Self, after: &Self) -> Self {
        Self { sockets: (self.sockets + after.sockets).saturating_sub(before.sockets), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each test starts threads that mean something to the other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    /// In `cargo test` threads of other tests come and go while a worker waits for another one, under any name.
    #[test]
    fn thread_that_no_worker_has_started_is_harmless() {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let (begin, begun) = std::sync::mpsc::channel::<()>();
        let (release, released) = std::sync::mpsc::channel::<()>();
        // It stands for the thread that starts all tests.
        let starter = std::thread::spawn(move || {
            let _ = begun.recv();
            let wait = move || {
                let _ = released.recv();
            };
            std::thread::Builder::new().name("another_test".to_owned()).spawn(wait).expect("a thread")
        });
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime");
        let _entered = runtime.enter();
        let home = Home::here(Home::next_name()).expect("the system tells");
        let before = Surroundings::now(&home, 0).expect("the system tells");
        drop(begin);
        let other = starter.join().expect("it starts a thread");
        let now = Surroundings::now(&home, 0).expect("the system tells");
        assert!(now.threads.len() > 1 && now.add_nothing_to(&before, &home));
        drop(release);
        other.join().expect("it does nothing");
    }

    /// Each of the three would wake somebody some day; a thread of ours and one that only waits would not.
    #[test]
    fn thread_child_and_socket_are_noticed() {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let name = Home::next_name();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().thread_name(name.clone()).build().expect("a runtime");
        let _entered = runtime.enter();
        let home = Home::here(name).expect("the system tells");
        let before = Surroundings::now(&home, 0).expect("the system tells");
        let is_quiet =
            || Surroundings::now(&home, 0).expect("the system tells").add_nothing_to(&before, &home);
        assert!(is_quiet());
        for (name, is_harmless) in [(Some("raceproof-other"), true), (Some("library"), false), (None, false)]
        {
            let (release, released) = std::sync::mpsc::channel::<()>();
            let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
            let (begin, begun) = std::sync::mpsc::channel::<()>();
            let wait = move || {
                drop(begin);
                let _ = released.recv();
            };
            let thread = name.map_or_else(std::thread::Builder::new, named).spawn(wait).expect("a thread");
            // It bears its name now.
            let _ = begun.recv();
            assert_eq!(is_quiet(), is_harmless, "{name:?}");
            drop(release);
            thread.join().expect("it does nothing");
        }
        let (release, released) = std::sync::mpsc::channel::<()>();
        let blocking = runtime.spawn_blocking(move || {
            let _ = released.recv();
        });
        while !is_quiet() {
            std::thread::yield_now();
        }
        drop(release);
        runtime.block_on(blocking).expect("it does nothing");
        let mut child =
            std::process::Command::new("sleep").arg("10").spawn().expect("every system has `sleep`");
        assert!(!is_quiet());
        child.kill().and_then(|()| child.wait()).expect("it is ours");
        assert!(is_quiet());
        let sockets = UnixStream::pair().expect("sockets");
        assert!(!is_quiet());
        drop(sockets);
        assert!(is_quiet());
    }
}
