//! Owns the search for what killed runs of this machine have left, and its removal; `raceproof doctor` prints it.
//!
//! Something is left over only if its owner is provably gone: the run's lock can be taken. A process is ended only if
//! it is the very process that the run noted, by number and start.

use std::fs;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::docker::{Engine, StaleContainer};
use super::run_folder::{self, Owner, RunFolder, UNFINISHED};

/// A folder is complete within moments; one that is not was left by somebody who was killed.
const UNFINISHED_S_MAX: u64 = 60;

/// What kind of thing was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    /// A server that goes on without us.
    Process,
    /// A container.
    Container,
    /// A private folder, with sockets and data.
    Folder,
    /// A database on a server that the user named. Only a run that is given that server again can drop it, and does.
    Database,
}

/// Something that a killed run has left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// What kind of thing it is.
    pub kind: LeftoverKind,
    /// Its name: a process with its number, a container, a path, a database with its server.
    pub what: String,
    /// The run that it belonged to.
    pub run: String,
    /// Seconds since that run began, if known.
    pub age_s: Option<u64>,
}

/// Everything that is left over, and what could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// In a fixed order.
    pub found: Vec<Leftover>,
    /// Why containers could not be listed, if they could not.
    pub unknown: Option<String>,
}

/// Lists what is left over, and changes nothing.
pub async fn find() -> Leftovers {
    let mut found: Vec<_> = abandoned_folders().iter().flat_map(|(path, _)| in_folder(path)).collect();
    let (containers, unknown) = match stale_containers().await {
        Ok((_, containers)) => (containers, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    found.extend(containers.iter().map(in_engine));
    found.sort();
    found.dedup();
    Leftovers { found, unknown }
}

/// Removes what is left over and says what that was. Databases on servers of others stay, as we have no password.
///
/// # Errors
/// [`StoreError::Removal`] names what could not be removed; the rest is.
pub async fn remove() -> Result<Leftovers, StoreError> {
    let before = find().await;
    let mut left = remove_containers().await.unwrap_or_default();
    left.extend(remove_folders(None).await);
    if left.is_empty() { Ok(before) } else { Err(StoreError::Removal { left }) }
}

/// What every start does first: removes what it can, quietly, as the run has other things to tell. An engine is asked
/// for its containers only if the run is about to use it anyhow, or a folder names a container.
pub(crate) async fn sweep(engine: Option<&Engine>) {
    if let Some(engine) = engine {
        remove_from(engine).await.unwrap_or_default();
    }
    remove_folders(engine).await;
}

async fn stale_containers() -> Result<(Engine, Vec<StaleContainer>), StoreError> {
    let engine = Engine::connect()?;
    engine.ping().await?;
    let containers = engine.stale_containers().await?;
    Ok((engine, containers))
}

async fn remove_containers() -> Result<Vec<String>, StoreError> {
    let engine = Engine::connect()?;
    engine.ping().await?;
    remove_from(&engine).await
}

async fn remove_from(engine: &Engine) -> Result<Vec<String>, StoreError> {
    let mut left = Vec::new();
    for container in engine.stale_containers().await? {
        left.extend(engine.remove_stale(&container.name).await.err());
    }
    Ok(left)
}

/// Removes abandoned folders with their processes and containers; gives what is left.
async fn remove_folders(engine: Option<&Engine>) -> Vec<String> {
    let mut left = Vec::new();
    for (path, folder) in abandoned_folders() {
        let owner = run_folder::read_owner(&path).unwrap_or_default();
        let before = left.len();
        left.extend(end_processes(&owner));
        left.extend(owner.folders.iter().filter_map(|folder| run_folder::remove_in_memory(folder).err()));
        left.extend(remove_named_containers(engine, &owner).await);
        // The folder is the only trace of what is still there, so it goes last.
        if left.len() == before {
            left.extend(folder.remove().err());
        }
    }
    remove_unfinished(&run_folder::base());
    left
}

fn end_processes(owner: &Owner) -> Vec<String> {
    if owner.boot != super::machine::boot() {
        return Vec::new();
    }
    let ended = owner.processes.iter().map(|process| (process, process.end()));
    ended
        .filter_map(|(process, result)| {
            Some(format!("process {} (`{}`): {}", process.pid, process.name, result.err()?))
        })
        .collect()
}

async fn remove_named_containers(engine: Option<&Engine>, owner: &Owner) -> Vec<String> {
    if owner.containers.is_empty() {
        return Vec::new();
    }
    let own = if engine.is_none() { Engine::connect() } else { Err(StoreError::Interrupted) };
    let Some(engine) = engine.or(own.as_ref().ok()) else {
        return owner
            .containers
            .iter()
            .map(|name| format!("container {name}: Docker is not there"))
            .collect();
    };
    let mut left = Vec::new();
    for name in &owner.containers {
        left.extend(engine.remove_stale(name).await.err());
    }
    left
}

/// Folders whose lock we now hold, so that no other cleaner works on them at the same time.
fn abandoned_folders() -> Vec<(PathBuf, RunFolder)> {
    let entries = fs::read_dir(run_folder::base()).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    let mut abandoned: Vec<_> = folders
        .filter_map(|entry| Some((entry.path(), run_folder::lock_abandoned(&entry.path())?)))
        .collect();
    abandoned.sort_by(|a, b| a.0.cmp(&b.0));
    abandoned
}

fn remove_unfinished(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        let is_old = age.is_some_and(|age| age.as_secs() > UNFINISHED_S_MAX);
        if is_old && entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // The next start tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    // Only the last one out finds it empty.
    let _ = fs::remove_dir(base);
}

fn in_folder(path: &Path) -> Vec<Leftover> {
    let owner = run_folder::read_owner(path).unwrap_or_default();
    let run = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let age_s = (owner.started > 0).then(|| run_folder::now_s().saturating_sub(owner.started));
    let leftover = |kind, what: String| Leftover { kind, what, run: run.clone(), age_s };
    let same_boot = owner.boot == super::machine::boot();
    let alive = owner.processes.iter().filter(|process| same_boot && process.is_alive());
    let processes =
        alive.map(|process| leftover(LeftoverKind::Process, format!("{} {}", process.name, process.pid)));
    let databases = owner.databases.iter().map(|place| leftover(LeftoverKind::Database, place.clone()));
    let in_memory = owner.folders.iter().filter(|folder| folder.exists());
    let in_memory = in_memory.map(|folder| leftover(LeftoverKind::Folder, folder.display().to_string()));
    let mut found: Vec<_> = processes.chain(databases).chain(in_memory).collect();
    found.push(leftover(LeftoverKind::Folder, path.display().to_string()));
    found
}

fn in_engine(container: &StaleContainer) -> Leftover {
    Leftover {
        kind: LeftoverKind::Container,
        what: container.name.clone(),
        run: container.run.clone(),
        age_s: container.created.map(|created| run_folder::now_s().saturating_sub(created)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine;
    use super::super::process::ProcessIdentity;
    use super::*;
    use std::process::Command;

    /// A server that no parent-death signal has ended, and a later process that has got the number of one.
    #[test]
    fn a_noted_process_is_found_and_ended_and_a_later_one_of_its_number_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let [mut ours, mut later] = [(); 2].map(|()| Command::new("sleep").arg("1000").spawn().unwrap());
        let mut processes =
            [&ours, &later].map(|child| ProcessIdentity::of("redis-server", child.id()).unwrap()).to_vec();
        processes[1].start += 1;
        let owner = Owner { boot: machine::boot(), processes, ..Owner::default() };
        run_folder::write_owner(folder.path(), &owner).unwrap();

        let kinds: Vec<_> = in_folder(folder.path()).into_iter().map(|left| left.kind).collect();
        assert_eq!(kinds, [LeftoverKind::Process, LeftoverKind::Folder]);
        assert_eq!(end_processes(&owner), [""; 0]);
        assert!(!ours.wait().unwrap().success());
        assert!(later.try_wait().unwrap().is_none());
        later.kill().unwrap();
        later.wait().unwrap();
    }

    #[test]
    fn processes_of_another_boot_are_left_alone() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let processes = vec![ProcessIdentity::of("redis-server", child.id()).unwrap()];
        let owner = Owner { boot: "another".to_owned(), processes, ..Owner::default() };
        assert_eq!(end_processes(&owner), [""; 0]);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
