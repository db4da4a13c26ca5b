//! Owns the page: the file that a library reads the time from, and its mapping here.
#![expect(unsafe_code, reason = "a mapping is shared with other processes, which no safe type can describe")]

use std::fmt;
use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// As many as every machine maps at least.
const PAGE_BYTES: usize = 4096;
/// Everybody may read it: the servers have accounts of their own.
const MODE: u32 = 0o644;

/// What one server takes for the time. Whoever writes to it need not tell the server: it looks each time it asks for the time.
pub struct Page {
    /// The words of the mapping. The first: nanoseconds since the UNIX epoch, or 0 for the real clock. The second: the process
    /// that sets the time, or 0 for one that the server cannot see.
    words: NonNull<[AtomicU64; 2]>,
}

// SAFETY: all that is reached through it are atomic words.
unsafe impl Send for Page {}
// SAFETY: the same.
unsafe impl Sync for Page {}

impl Page {
    /// Makes a new file for the page; the clock is the real one at first.
    ///
    /// # Errors
    /// There is such a file, or the system gives none.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(MODE).open(path)?;
        // The umask may have taken bits away.
        file.set_permissions(Permissions::from_mode(MODE))?;
        file.set_len(PAGE_BYTES as u64)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the system chooses a place where nothing is, and the file is as long as the mapping.
        let mapped = unsafe { mmap(null_mut(), PAGE_BYTES, protection, MapFlags::SHARED, &file, 0) }?;
        let words = NonNull::new(mapped.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { words })
    }

    /// Makes it `time` (since the UNIX epoch) for the server, or whatever the real clock says.
    ///
    /// # Panics
    /// If it is later than the year 2554.
    pub fn set(&self, time: Option<Duration>) {
        let nanos = time.map_or(0, |time| u64::try_from(time.as_nanos()).expect("nobody tests that year"));
        self.words()[0].store(nanos, Ordering::SeqCst);
    }

    /// Tells the server, which must see the same processes as we do, whose time it lives by. When that process is gone, `time`
    /// goes on by itself, by which a server limits how long it waits for its end.
    pub fn set_owner(&self, process: u32) {
        self.words()[1].store(u64::from(process), Ordering::SeqCst);
    }

    /// What [`set`](Self::set) was told last.
    #[must_use]
    pub fn get(&self) -> Option<Duration> {
        let nanos = self.words()[0].load(Ordering::SeqCst);
        (nanos != 0).then(|| Duration::from_nanos(nanos))
    }

    fn words(&self) -> &[AtomicU64; 2] {
        // SAFETY: the mapping is as long as `self`, aligned to pages, and only ever used as these atomic words.
        unsafe { self.words.as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody can have a reference to it any more.
        let unmapped = unsafe { munmap(self.words.as_ptr().cast(), PAGE_BYTES) };
        debug_assert!(unmapped.is_ok(), "what was mapped can be unmapped");
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Page").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_round_trips() {
        let folder = tempfile::tempdir().unwrap();
        let page = Page::create(&folder.path().join("page")).unwrap();
        assert_eq!(page.get(), None);
        for time in [Some(Duration::from_nanos(1)), None, Some(Duration::from_secs(4_000_000_000))] {
            page.set(time);
            assert_eq!(page.get(), time);
        }
    }

    /// Another's file is not written to.
    #[test]
    fn file_that_is_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page");
        let _page = Page::create(&path).unwrap();
        assert_eq!(Page::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
