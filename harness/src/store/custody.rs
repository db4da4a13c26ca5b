//! Owns the removal of everything that one `Stores::start` has started; `ledger` has the exactly-once rule.
//!
//! Every thing is entered before or as soon as it exists, in the process-wide ledger and in the run folder's
//! `owner.json`: the first is for us, the second for whoever comes after a `kill -9`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use super::StoreError;
use super::docker::ContainerName;
use super::ledger::{Ledger, Making};
use super::machine;
use super::process::{self, ChildServer};
use super::run_folder::{self, Owner, RunFolder};
use super::url::{OwnDatabase, UsedDatabase};

/// How long the signal thread lets the others finish what they are making, and then what they are removing.
const OTHERS_MS_MAX: u64 = 10_000;

static STARTED: LazyLock<Ledger<Thing>> = LazyLock::new(Ledger::new);
static NEXT_GROUP: AtomicU64 = AtomicU64::new(0);

/// Something that we started and must remove.
pub(crate) enum Thing {
    Process(ChildServer),
    Container(ContainerName),
    Database(OwnDatabase),
    Used(UsedDatabase),
    InMemory(PathBuf),
    Folder(RunFolder),
    /// A program of the user's, by the number of its process group.
    Group(u32),
}

/// Keeps what one run has started; dropping it removes all of it.
pub(crate) struct Custody {
    group: u64,
    run: String,
    folder: PathBuf,
    owner: Mutex<Owner>,
}

impl Custody {
    /// Makes the run's folder.
    pub(crate) fn new() -> Result<Arc<Self>, StoreError> {
        let making = making()?;
        let run = machine::random_hex(6).map_err(StoreError::io("read", "/dev/urandom"))?;
        let folder = RunFolder::create(&run)?;
        let owner = Owner {
            pid: std::process::id(),
            boot: machine::boot(),
            started: run_folder::now_s(),
            ..Owner::default()
        };
        let group = NEXT_GROUP.fetch_add(1, Ordering::Relaxed);
        let custody = Self { group, run, folder: folder.path().to_owned(), owner: Mutex::new(owner) };
        let entered = custody.hold(Thing::Folder(folder)).and_then(|()| custody.note(|_| ()));
        // Whoever removes everything waits for it, and what drops a custody waits for them.
        drop(making);
        entered.map(|()| Arc::new(custody))
    }

    /// The run's name, in labels, folders and databases.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// The run's private folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn hold_process(&self, child: ChildServer) -> Result<(), StoreError> {
        let identity = child.identity().cloned();
        self.hold(Thing::Process(child))?;
        self.note(|owner| owner.processes.extend(identity))
    }

    /// Ends the process `pid`, so that another can be started in its place.
    pub(crate) fn end_process(&self, pid: u32) -> Result<(), StoreError> {
        let is_it = |thing: &Thing| matches!(thing, Thing::Process(child) if child.pid() == pid);
        remove_all(STARTED.claim_those(self.group, is_it).take_keeping())?;
        self.note(|owner| owner.processes.retain(|process| process.pid != pid))
    }

    /// Enters a folder in memory, before it is made.
    pub(crate) fn hold_in_memory(&self, folder: PathBuf) -> Result<(), StoreError> {
        self.note(|owner| owner.folders.push(folder.clone()))?;
        self.hold(Thing::InMemory(folder))
    }

    /// Enters a container under its name, before it is made.
    pub(crate) fn hold_container(&self, container: ContainerName) -> Result<(), StoreError> {
        self.note(|owner| owner.containers.push(container.name().to_owned()))?;
        self.hold(Thing::Container(container))
    }

    /// Enters a database on a server of others, before it is made.
    pub(crate) fn hold_database(&self, database: OwnDatabase) -> Result<(), StoreError> {
        self.note(|owner| owner.databases.push(database.place()))?;
        self.hold(Thing::Database(database))
    }

    /// Enters a logical database on a server of others that was empty and must be so again.
    pub(crate) fn hold_used(&self, database: UsedDatabase) -> Result<(), StoreError> {
        self.hold(Thing::Used(database))
    }

    /// Removes everything; the second time there is nothing to remove. When this returns nothing is left, although the
    /// signal thread may have been at it: the process may exit.
    pub(crate) fn release(&self) -> Result<(), StoreError> {
        let removed = remove_all(STARTED.claim(self.group).take_keeping());
        STARTED.wait_for_closer(Duration::from_millis(OTHERS_MS_MAX));
        removed
    }

    fn hold(&self, thing: Thing) -> Result<(), StoreError> {
        STARTED.hold(self.group, thing).map_err(|refused| {
            // The folder may be gone already and have been made anew by what we are about to remove.
            let result = remove_all(refused.take_keeping());
            let _ = std::fs::remove_dir_all(&self.folder);
            result.err().unwrap_or(StoreError::Interrupted)
        })
    }

    fn note(&self, change: impl FnOnce(&mut Owner)) -> Result<(), StoreError> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut owner);
        run_folder::write_owner(&self.folder, &owner)
    }
}

impl Drop for Custody {
    fn drop(&mut self) {
        // Nobody is left to tell; what could not be removed is found at the next start.
        let _ = self.release();
    }
}

/// A program of the user's in the ledger; dropping it kills what is left of its process group.
#[derive(Debug)]
pub(crate) struct Held {
    group: u64,
}

impl Held {
    /// Enters the process group of this number.
    pub(crate) fn group(processes: u32) -> Result<Self, StoreError> {
        let group = NEXT_GROUP.fetch_add(1, Ordering::Relaxed);
        let held = Self { group };
        let entered = STARTED.hold(group, Thing::Group(processes));
        entered
            .map_err(|refused| remove_all(refused.take_keeping()).err().unwrap_or(StoreError::Interrupted))?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A group that cannot be killed is gone.
        let _ = remove_all(STARTED.claim(self.group).take_keeping());
    }
}

/// To be kept while something is started, so that nothing is half made when everything is removed; then it is refused. It must
/// be dropped before a [`Custody`] is.
pub(crate) fn making() -> Result<Making<'static, Thing>, StoreError> {
    STARTED.begin().ok_or(StoreError::Interrupted)
}

/// Whether everything is being removed.
pub(crate) fn is_ending() -> bool {
    STARTED.is_closed()
}

/// Removes everything that this process has started and refuses everything new; for the last moment before `exit`.
pub(crate) fn remove_everything() {
    let everything = STARTED.close().take_keeping();
    STARTED.wait_for_makers(Duration::from_millis(OTHERS_MS_MAX));
    let _ = remove_all(everything);
    STARTED.wait_until_idle(Duration::from_millis(OTHERS_MS_MAX));
}

/// Sees to it that everything is removed when this process ends by itself: for stores that nobody drops, such as those in a
/// `static`. The second time there is nothing left to do.
pub fn remove_at_exit() {
    static REGISTERED: Once = Once::new();
    extern "C" fn remove() {
        // The values of this thread may be gone already, and a panic must not leave a function that C calls.
        let _ = thread::Builder::new().spawn(remove_everything).map(thread::JoinHandle::join);
    }
    // The system keeps at least 32 such functions (POSIX), so there is room for this one.
    REGISTERED
        .call_once(|| assert!(shutdown_hooks::add_shutdown_hook(remove), "a function to call at the end"));
}

/// Servers side by side, as each takes its time to end, and folders when nobody writes to them any more.
fn remove_all((things, _claim): (Vec<Thing>, impl Sized)) -> Result<(), StoreError> {
    let (folders, servers): (Vec<_>, Vec<_>) =
        things.into_iter().partition(|thing| matches!(thing, Thing::Folder(_) | Thing::InMemory(_)));
    let mut left = Vec::new();
    thread::scope(|scope| {
        let removals: Vec<_> = servers.into_iter().map(|thing| scope.spawn(|| remove(thing))).collect();
        for removal in removals {
            left.extend(removal.join().expect("a removal reports its failures and does not panic").err());
        }
    });
    left.extend(folders.into_iter().filter_map(|folder| remove(folder).err()));
    if left.is_empty() { Ok(()) } else { Err(StoreError::Removal { left }) }
}

fn remove(thing: Thing) -> Result<(), String> {
    match thing {
        Thing::Process(child) => child.end(),
        Thing::Container(container) => container.remove(),
        Thing::Database(database) => database.remove(),
        Thing::Used(database) => database.empty(),
        Thing::InMemory(folder) => run_folder::remove_in_memory(&folder),
        Thing::Folder(folder) => folder.remove(),
        Thing::Group(group) => {
            process::kill_group(group).map_err(|error| format!("process group {group}: {error}"))
        }
    }
}

/// Runs asynchronous work where no runtime may be entered: in a drop, or on the signal thread. To be called on a thread
/// of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}
