//! Owns [`Runs`]: the runs whose records lie in a folder, read again only where a record has changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use raceproof_reports::past::PastRun;
use raceproof_reports::{Document, Folder};

/// Most runs that are shown: the newest by the time of their records.
const RUNS_MAX: usize = 100;
/// Most entries of the folder that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// The runs of a folder.
#[derive(Debug)]
pub(super) struct Runs {
    folder: PathBuf,
    /// What was read, with the record as it was then.
    known: BTreeMap<PathBuf, (Stamp, PastRun)>,
}

/// By which it is seen that a file was written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    written: SystemTime,
    bytes: u64,
}

/// One run with its record.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) run: PastRun,
    pub(super) record: PathBuf,
}

impl Runs {
    /// Those in `folder`: its own record, and that of each folder in it.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder, known: BTreeMap::new() }
    }

    /// Where they lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that are there now, the newest first.
    pub(super) fn all(&mut self) -> Vec<Found> {
        let mut records = self.records();
        records.sort_by(|one, other| (other.1.written, &one.0).cmp(&(one.1.written, &other.0)));
        records.truncate(RUNS_MAX);
        let mut known = std::mem::take(&mut self.known);
        for (record, stamp) in records {
            let run = match known.remove(&record) {
                Some((then, run)) if then == stamp => run,
                _ => self.read(&record, stamp),
            };
            self.known.insert(record, (stamp, run));
        }
        let found = |(record, (_, run)): (&PathBuf, &(Stamp, PastRun))| Found {
            run: run.clone(),
            record: record.clone(),
        };
        let mut all: Vec<_> = self.known.iter().map(found).collect();
        all.sort_by(|one, other| {
            (other.run.moment_ms, &other.run.name).cmp(&(one.run.moment_ms, &one.run.name))
        });
        all
    }

    fn records(&self) -> Vec<(PathBuf, Stamp)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten().take(ENTRIES_MAX);
        let inside = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
        let folders = inside.chain([self.folder.clone()]).map(|path| Folder::at(path).whole_run());
        let stamped = |path: PathBuf| {
            let about = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some((path, Stamp { written: about.modified().ok()?, bytes: about.len() }))
        };
        folders.filter_map(stamped).collect()
    }

    fn read(&self, record: &Path, stamp: Stamp) -> PastRun {
        let folder = record.parent().unwrap_or(record);
        // The folder itself has no name below it, and no folder in it is called so.
        let name = folder.strip_prefix(&self.folder).ok().and_then(Path::file_name);
        let name = name.map_or_else(|| "./".to_owned(), |name| name.to_string_lossy().into_owned());
        let since = stamp.written.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let moment_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        match Document::read(record) {
            Ok(document) => PastRun::of(name, &document, moment_ms),
            Err(error) => PastRun { name, moment_ms, found: Err(error.to_string()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fake;

    fn write(folder: &Path, begun_ms: u64, name: &str) {
        Folder::at(folder).prepare().unwrap();
        let document = Document::new(Vec::new(), vec![fake::passed(name)]);
        Document { begun_ms: Some(begun_ms), ..document }.write(&Folder::at(folder).whole_run()).unwrap();
    }

    fn names(runs: &mut Runs) -> Vec<String> {
        runs.all().into_iter().map(|found| found.run.name).collect()
    }

    /// The folder's own run and those in it, by when they were begun; what holds no record is none.
    #[test]
    fn runs_of_a_folder_are_found_the_newest_first() {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), 20, "a/a");
        write(&place.path().join("first"), 10, "a/a");
        write(&place.path().join("last"), 30, "a/a");
        write(&place.path().join("last/deeper"), 40, "a/a");
        fs::create_dir(place.path().join("checkpoints")).unwrap();
        fs::create_dir(place.path().join("damaged")).unwrap();
        fs::write(place.path().join("damaged/report.json"), "{").unwrap();
        let mut runs = Runs::of(place.path().to_owned());
        let all = runs.all();
        assert_eq!(names(&mut runs)[1..], ["last", "./", "first"], "{all:?}");
        assert!(all[0].run.found.as_ref().is_err_and(|why| why.contains("ends in the middle")), "{all:?}");
    }

    #[test]
    fn record_that_was_written_anew_is_read_anew() {
        let place = tempfile::tempdir().unwrap();
        write(&place.path().join("a"), 10, "a/a");
        let mut runs = Runs::of(place.path().to_owned());
        assert_eq!(runs.all()[0].run.moment_ms, 10);
        write(&place.path().join("a"), 1_000, "a/longer");
        assert_eq!(runs.all()[0].run.moment_ms, 1_000);
        fs::remove_dir_all(place.path().join("a")).unwrap();
        assert_eq!(names(&mut runs), [""; 0]);
    }
}
