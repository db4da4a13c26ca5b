//! Owns the search for the servers' programs on this machine.

use std::path::{Path, PathBuf};

use super::super::StoreError;
use super::super::options::Needs;

const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// The programs of the stores that are needed.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) redis: Option<PathBuf>,
    pub(crate) postgres: Option<PostgresPrograms>,
}

/// A server and the program that makes its data folder, of the same version.
#[derive(Debug, Clone)]
pub(crate) struct PostgresPrograms {
    pub(crate) postgres: PathBuf,
    pub(crate) initdb: PathBuf,
}

impl Programs {
    /// Finds what is needed; the error names the first that is missing.
    pub(crate) fn find(needs: Needs) -> Result<Self, StoreError> {
        let path = path_folders();
        let redis = (needs.redis > 0).then(|| find_redis(&path)).transpose()?;
        let postgres = needs.postgres.then(|| find_postgres(&path)).transpose()?;
        Ok(Self { redis, postgres })
    }

    /// The programs as one phrase.
    pub(crate) fn description(&self) -> String {
        let postgres = self.postgres.iter().map(|programs| &programs.postgres);
        let all: Vec<_> = self.redis.iter().chain(postgres).map(|path| path.display().to_string()).collect();
        all.join(", ")
    }
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn find_redis(path: &[PathBuf]) -> Result<PathBuf, StoreError> {
    let usual = ["/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    find(path.iter().chain(&usual), "redis-server").ok_or(StoreError::ProgramMissing {
        program: "redis-server",
        places: "/usr/bin",
        mend: "apt-get install redis-server",
    })
}

/// Debian keeps the servers off PATH, in a folder per version. Both programs are taken from the same folder.
fn find_postgres(path: &[PathBuf]) -> Result<PostgresPrograms, StoreError> {
    let debian = newest_first(Path::new(DEBIAN_POSTGRES));
    let folders = path.iter().chain(&debian);
    let mut both = folders.filter_map(|folder| {
        let postgres = find([folder].into_iter(), "postgres")?;
        Some(PostgresPrograms { postgres, initdb: find([folder].into_iter(), "initdb")? })
    });
    both.next().ok_or(StoreError::ProgramMissing {
        program: "postgres",
        places: "/usr/lib/postgresql/*/bin",
        mend: "apt-get install postgresql",
    })
}

fn find<'a>(mut folders: impl Iterator<Item = &'a PathBuf>, name: &str) -> Option<PathBuf> {
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
}

fn newest_first(versions: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// util-linux's `setpriv`, which can make a child die with us; that of BusyBox cannot.
pub(crate) fn setpriv() -> Option<PathBuf> {
    let usual = [PathBuf::from("/usr/bin")];
    let setpriv = find(path_folders().iter().chain(&usual), "setpriv")?;
    (setpriv.canonicalize().ok()?.file_name()? == "setpriv").then_some(setpriv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["9", "15", "14", "common"] {
            std::fs::create_dir(folder.path().join(version)).unwrap();
        }
        let found = newest_first(folder.path());
        assert_eq!(found, ["15", "14", "9"].map(|version| folder.path().join(version).join("bin")));
    }
}
