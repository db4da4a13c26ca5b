//! Owns the private folder of one run: its place, its lock and its `owner.json`; who fills it is the providers' business.
//!
//! The lock is held for as long as the owner lives, by the kernel's bookkeeping and not by ours, so a folder whose lock
//! can be taken has no owner. A folder appears under its final name only when it is locked.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::machine;
use super::process::ProcessIdentity;

const LOCK: &str = "lock";
const OWNER: &str = "owner.json";
/// Linux keeps this folder in memory.
const IN_MEMORY: &str = "/dev/shm";
/// Prefix of a folder that is being made.
pub(super) const UNFINISHED: &str = ".new-";

/// What the folder's owner has started, for the one who finds the folder without its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) pid: u32,
    pub(crate) boot: String,
    /// Seconds since 1970.
    pub(crate) started: u64,
    pub(crate) processes: Vec<ProcessIdentity>,
    /// Folders outside the run's own one.
    #[serde(default)]
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) containers: Vec<String>,
    /// Databases made on servers of others, as server and name; no password.
    pub(crate) databases: Vec<String>,
}

/// The folder of a run that goes on.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// Held, not read: closing it gives the lock back.
    _lock: File,
}

/// `<tmp>/raceproof-<uid>`, where all folders of this user's runs are.
pub(crate) fn base() -> PathBuf {
    std::env::temp_dir().join(format!("raceproof-{}", machine::user()))
}

impl RunFolder {
    /// Makes and locks the folder of a new run.
    pub(crate) fn create(run: &str) -> Result<Self, StoreError> {
        let base = base();
        let unfinished = base.join(format!("{UNFINISHED}{run}"));
        make_inside(&base, &unfinished)?;
        let lock_path = unfinished.join(LOCK);
        let lock = File::create(&lock_path).map_err(StoreError::io("create", &lock_path))?;
        let locked = lock.try_lock().map_err(std::io::Error::from);
        locked.map_err(StoreError::io("lock", &lock_path))?;
        let path = base.join(run);
        fs::rename(&unfinished, &path).map_err(StoreError::io("rename", &unfinished))?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn remove(self) -> Result<(), String> {
        remove_tree(&self.path).map_err(|error| format!("folder {}: {error}", self.path.display()))?;
        // The base goes with the last run; it is not empty as long as there is another.
        let _ = fs::remove_dir(base());
        Ok(())
    }
}

/// Takes the lock of a folder whose owner is gone; none if the owner lives, or another cleaner is at work.
pub(crate) fn lock_abandoned(folder: &Path) -> Option<RunFolder> {
    let lock = File::open(folder.join(LOCK)).ok()?;
    lock.try_lock().ok()?;
    // Whoever held the lock before us may have removed the folder.
    folder.join(LOCK).exists().then(|| RunFolder { path: folder.to_owned(), _lock: lock })
}

/// Whether the owner of this lock file is gone.
pub(crate) fn lock_is_free(lock: &Path) -> bool {
    match File::open(lock) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

pub(crate) fn lock_of(folder: &Path) -> PathBuf {
    folder.join(LOCK)
}

/// Says in the folder what its owner has started. Written aside and renamed, so that nobody reads half of it.
pub(crate) fn write_owner(folder: &Path, owner: &Owner) -> Result<(), StoreError> {
    let path = folder.join(OWNER);
    let aside = path.with_extension("json.new");
    let json = serde_json::to_vec_pretty(owner).expect("plain data is always JSON");
    fs::write(&aside, json).map_err(StoreError::io("write", &aside))?;
    fs::rename(&aside, &path).map_err(StoreError::io("rename", &aside))
}

/// What the folder says of its owner; none if it was never written or is damaged.
pub(crate) fn read_owner(folder: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(folder.join(OWNER)).ok()?).ok()
}

/// Makes a folder for us alone. Root's servers run as another user, who must get through but need not list.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let mode = if machine::is_root() { 0o711 } else { 0o700 };
    DirBuilder::new().mode(mode).create(path).map_err(StoreError::io("create", path))?;
    // The umask may have taken bits away.
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(StoreError::io("open up", path))
}

/// Makes a folder inside the base, and the base if need be. The last run that ends removes the base, maybe just after
/// we have made sure that it is there.
fn make_inside(base: &Path, folder: &Path) -> Result<(), StoreError> {
    const ATTEMPTS_MAX: usize = 20;
    let mut result = Ok(());
    for _ in 0..ATTEMPTS_MAX {
        ensure_base(base)?;
        result = make_folder(folder);
        match &result {
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            _ => return result,
        }
    }
    result
}

/// The base has a name that everybody can guess, in a folder that everybody can write to: only a folder of our own that
/// nobody else can write to is accepted.
fn ensure_base(base: &Path) -> Result<(), StoreError> {
    match make_folder(base) {
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
        result => return result,
    }
    let found = match fs::symlink_metadata(base) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(StoreError::io("look at", base))?,
    };
    if found.is_dir() && found.uid() == machine::user() && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    let stranger = std::io::Error::other("it belongs to somebody else or others can write to it; set TMPDIR");
    Err(StoreError::io("use", base)(stranger))
}

/// A name in memory for what is only worth keeping while the run lasts, if there is memory to spare: making the thousand
/// files of a database takes 30 ms there, and up to 500 ms on a busy disk. None if the user chose a place with TMPDIR.
pub(crate) fn in_memory(run: &str) -> Option<PathBuf> {
    const FREE_BYTES_MIN: u64 = 1 << 30;
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let free = rustix::fs::statvfs(IN_MEMORY).ok()?;
    let has_room = free.f_bavail.saturating_mul(free.f_frsize) >= FREE_BYTES_MIN;
    has_room.then(|| Path::new(IN_MEMORY).join(format!("raceproof-{}-{run}", machine::user())))
}

/// Removes a folder that [`in_memory`] named. Another is not touched, whatever a damaged note says.
pub(crate) fn remove_in_memory(path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if path.parent() != Some(Path::new(IN_MEMORY)) || !name.starts_with("raceproof-") {
        return Err(format!("folder {}: it is none of ours", path.display()));
    }
    remove_tree(path).map_err(|error| format!("folder {}: {error}", path.display()))
}

/// Removes a folder with all that is in it. A server that is just ending may still write, so a folder that fills again
/// is emptied again.
fn remove_tree(path: &Path) -> std::io::Result<()> {
    const ATTEMPTS_MAX: usize = 10;
    let mut result = Ok(());
    for _ in 0..ATTEMPTS_MAX {
        result = fs::remove_dir_all(path);
        match &result {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => {}
            _ => return result,
        }
    }
    result
}

pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_an_owner_is_not_taken() {
        let folder = RunFolder::create(&format!("unit-{}", machine::random_hex(6).unwrap())).unwrap();
        assert!(lock_abandoned(folder.path()).is_none());
        assert!(!lock_is_free(&lock_of(folder.path())));
        let path = folder.path().to_owned();
        folder.remove().unwrap();
        assert!(!path.exists() && lock_is_free(&lock_of(&path)));
    }

    #[test]
    fn a_folder_without_its_owner_is_taken() {
        let RunFolder { path, _lock } =
            RunFolder::create(&format!("unit-{}", machine::random_hex(6).unwrap())).unwrap();
        drop(_lock);
        lock_abandoned(&path).unwrap().remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_none_of_ours_is_not_removed() {
        for path in ["/dev/shm/theirs", "/etc/raceproof-0-ab", "/dev/shm/raceproof-0-ab/..", "/"] {
            assert!(remove_in_memory(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn an_owner_round_trips() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner { pid: 7, containers: vec!["a".to_owned()], ..Owner::default() };
        write_owner(folder.path(), &owner).unwrap();
        assert_eq!(read_owner(folder.path()), Some(owner));
    }
}
