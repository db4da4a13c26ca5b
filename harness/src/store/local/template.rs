//! Owns the data folder that `initdb` makes once per version and every start copies.
//!
//! It lives in the user's cache folder and stays there. It is made aside and renamed into place, so that of two
//! processes that make it at once one wins and neither sees half of it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::{StoreError, machine};
use super::account::Account;
use super::refused;

pub(super) const USER: &str = "postgres";
/// Changed as soon as the server answers.
pub(super) const PASSWORD: &str = "template";
/// A small write-ahead log, as a fifth of the copy would be its first segment.
const OPTIONS: &[&str] = &[
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--wal-segsize=1",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--no-sync",
    "--no-instructions",
];
const UNFINISHED: &str = ".new-";
/// An unfinished template this old was left by somebody who was killed.
const UNFINISHED_S_MAX: u64 = 600;

/// Makes `data` a fresh data folder from the template, which is made first if there is none. `folder` is a private
/// place to work in.
pub(super) fn copy(
    initdb: &Path,
    folder: &Path,
    data: &Path,
    account: Option<Account>,
    run: &str,
) -> Result<(), StoreError> {
    let Some(cache) = cache() else { return run_initdb(initdb, folder, data, account) };
    let template = cache.join(format!("initdb-{}", key(initdb)?));
    if template.join("PG_VERSION").exists() {
        return copy_tree(&template, data, account);
    }
    run_initdb(initdb, folder, data, account)?;
    // Without a cache every start costs an initdb, and that is all.
    let _ = keep(data, &cache, &template, run);
    Ok(())
}

fn cache() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("raceproof"))
}

/// The version, and a hash of everything else that decides what initdb makes.
fn key(initdb: &Path) -> Result<String, StoreError> {
    let output = Command::new(initdb).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(StoreError::io("run", initdb))?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    // "initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let number = version.split_whitespace().nth(2).unwrap_or("unknown");
    let everything = format!("{version}|{}|{OPTIONS:?}", initdb.display());
    Ok(format!("{number}-{:016x}", machine::fnv1a(everything.as_bytes())))
}

fn run_initdb(initdb: &Path, folder: &Path, data: &Path, account: Option<Account>) -> Result<(), StoreError> {
    let password = folder.join("password");
    fs::write(&password, PASSWORD).map_err(StoreError::io("write", &password))?;
    let mut command = Command::new(initdb);
    command.arg("--pgdata").arg(data).arg("--pwfile").arg(&password).args(OPTIONS);
    command.current_dir(folder).stdin(Stdio::null()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    if let Some(account) = account {
        account.own(&password)?;
        account.apply(&mut command);
    }
    let refused = refused(&command);
    let output = command.output().map_err(refused)?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ");
    Err(StoreError::Program { program: initdb.display().to_string(), log })
}

/// Makes the template from a data folder that no server has touched yet.
fn keep(data: &Path, cache: &Path, template: &Path, run: &str) -> Result<(), StoreError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(cache)
        .map_err(StoreError::io("create", cache))?;
    remove_unfinished(cache);
    let aside = cache.join(format!("{UNFINISHED}{run}"));
    let kept = copy_tree(data, &aside, None)
        .and_then(|()| fs::rename(&aside, template).map_err(StoreError::io("rename", &aside)));
    if kept.is_err() {
        // Somebody else was first, or the disk is full.
        let _ = fs::remove_dir_all(&aside);
    }
    kept
}

fn remove_unfinished(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        let is_old = age.is_some_and(|age| age > Duration::from_secs(UNFINISHED_S_MAX));
        if is_old && entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Copies folders and files, which is all that initdb makes.
fn copy_tree(from: &Path, to: &Path, account: Option<Account>) -> Result<(), StoreError> {
    fs::DirBuilder::new().mode(0o700).create(to).map_err(StoreError::io("create", to))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).map_err(StoreError::io("close", to))?;
    account.map_or(Ok(()), |account| account.own(to))?;
    for entry in fs::read_dir(from).map_err(StoreError::io("list", from))? {
        let entry = entry.map_err(StoreError::io("list", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(StoreError::io("look at", &source))?.is_dir() {
            copy_tree(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(StoreError::io("copy", &source))?;
            account.map_or(Ok(()), |account| account.own(&target))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir_all(from.join("x/y")).unwrap();
        fs::write(from.join("x/y/z"), "deep").unwrap();
        copy_tree(&from, &to, None).unwrap();
        assert_eq!(fs::read_to_string(to.join("x/y/z")).unwrap(), "deep");
    }
}
