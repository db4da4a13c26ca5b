//! Owns what the system says about processes, whoever started them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A process, told from later ones with the same number by its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u64,
    /// In ticks since the boot.
    pub(crate) start: u64,
}

impl Process {
    /// Whether it still is there, running or stopped.
    pub(crate) fn lives(self) -> bool {
        stat(self.id).is_some_and(|stat| stat.start == self.start && stat.state != "Z")
    }
}

/// Whether a process was told to stop, and has.
pub(crate) fn is_stopped(id: u64) -> bool {
    stat(id).is_some_and(|stat| stat.state == "T")
}

/// The processes with these numbers and all that they and theirs have started.
pub(crate) fn with_descendants(roots: &[u64]) -> Vec<Process> {
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let numbers: Vec<u64> = fs::read_dir("/proc").expect("proc(5)").flatten().filter_map(number).collect();
    let all: Vec<(u64, Stat)> = numbers.into_iter().filter_map(|id| Some((id, stat(id)?))).collect();
    let mut found: BTreeSet<u64> = roots.iter().copied().collect();
    loop {
        let before = found.len();
        let children = all.iter().filter(|(_, stat)| found.contains(&stat.parent)).map(|(id, _)| *id);
        let children: Vec<u64> = children.collect();
        found.extend(children);
        if found.len() == before {
            break;
        }
    }
    let is_found = all.iter().filter(|(id, _)| found.contains(id));
    is_found.map(|(id, stat)| Process { id: *id, start: stat.start }).collect()
}

/// The folders of processes that run in `folder` or below. Redis has another command once it runs, so that would not tell.
pub(crate) fn running_in(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("proc(5)").flatten();
    let folders = processes.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok());
    folders.filter(|found| found.starts_with(folder)).map(|found| found.display().to_string()).collect()
}

/// What proc(5) says in fields 3, 4 and 22.
struct Stat {
    state: String,
    parent: u64,
    start: u64,
}

fn stat(id: u64) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    Some(Stat { state: (*fields.first()?).to_owned(), parent: number(1)?, start: number(19)? })
}
