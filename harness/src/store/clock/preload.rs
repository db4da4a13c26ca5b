//! Owns [`Preload`]: the library and the page of one server, from the files to the proof that the server obeys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raceproof_clock::{Page, library};

use super::super::{Server, StoreError};
use super::{ClockChoice, ServerClock, proof};

const LIBRARY: &str = "clock.so";
const PAGE: &str = "clock";
/// ld.so(8): the environment variable that names it, and what parts the names in it.
const VARIABLE: &str = "LD_PRELOAD";
const SEPARATORS: [char; 2] = [' ', ':'];
const ASKED_FOR: &str = "it was asked for";

/// Which kind of store it is, as far as clocks differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Redis,
    Postgres,
}

impl Store {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The next best clock: Postgres has no times to live that could be moved.
    fn shifted(self, reason: String) -> ServerClock {
        match self {
            Self::Redis => ServerClock::Shifted { reason },
            Self::Postgres => ServerClock::Real { reason },
        }
    }
}

/// What a server is started with so that its clock can be set; maybe nothing.
#[derive(Debug)]
pub(crate) struct Preload {
    store: Store,
    choice: ClockChoice,
    /// The library's path as the server sees it, and the page; or by which clock the server lives without them.
    placed: Result<(PathBuf, Arc<Page>), ServerClock>,
}

impl Preload {
    /// Puts library and page into `folder`, which the server sees as `seen_as`, if a clock was chosen that needs them.
    pub(crate) fn place(
        store: Store,
        choice: ClockChoice,
        folder: &Path,
        seen_as: &Path,
    ) -> Result<Self, StoreError> {
        match choice {
            ClockChoice::Real => Ok(Self { store, choice, placed: Err(ServerClock::real(ASKED_FOR)) }),
            ClockChoice::Shifted => Self::without(store, choice, ASKED_FOR.to_owned()),
            ClockChoice::Auto | ClockChoice::Virtual => match put(folder, seen_as) {
                Ok(placed) => Ok(Self { store, choice, placed: Ok(placed) }),
                Err(reason) => Self::without(store, choice, reason),
            },
        }
    }

    /// For a server into which nothing can be preloaded.
    pub(crate) fn impossible(store: Store, choice: ClockChoice, reason: &str) -> Result<Self, StoreError> {
        match choice {
            ClockChoice::Real => Ok(Self { store, choice, placed: Err(ServerClock::real(ASKED_FOR)) }),
            ClockChoice::Shifted => Self::without(store, choice, ASKED_FOR.to_owned()),
            _ => Self::without(store, choice, reason.to_owned()),
        }
    }

    fn without(store: Store, choice: ClockChoice, reason: String) -> Result<Self, StoreError> {
        let clock = fallen_back(store, choice, reason)?;
        Ok(Self { store, choice, placed: Err(clock) })
    }

    /// What is to be added to the server's environment.
    pub(crate) fn environment(&self) -> Option<(String, String)> {
        let (library, _) = self.placed.as_ref().ok()?;
        Some((VARIABLE.to_owned(), library.to_str()?.to_owned()))
    }

    /// By which clock `server` lives, now that it answers: whether it obeys the page is asked, not assumed.
    pub(crate) async fn prove(self, server: &Server) -> Result<ServerClock, StoreError> {
        let Self { store, choice, placed } = self;
        let page = match placed {
            Ok((_, page)) => page,
            Err(clock) => return Ok(clock),
        };
        match proof::obeys(store, server, &page).await {
            Ok(()) => Ok(ServerClock::Virtual(page)),
            Err(reason) => fallen_back(store, choice, reason),
        }
    }
}

fn fallen_back(store: Store, choice: ClockChoice, reason: String) -> Result<ServerClock, StoreError> {
    match choice {
        ClockChoice::Virtual => Err(StoreError::Clock { store: store.name(), reason }),
        _ => Ok(store.shifted(reason)),
    }
}

fn put(folder: &Path, seen_as: &Path) -> Result<(PathBuf, Arc<Page>), String> {
    let bytes = library(&seen_as.join(PAGE)).map_err(|unavailable| unavailable.to_string())?;
    let seen = seen_as.join(LIBRARY);
    if seen.to_str().is_none_or(|path| path.contains(SEPARATORS)) {
        return Err(format!("`{VARIABLE}` cannot name `{}`", seen.display()));
    }
    let path = folder.join(LIBRARY);
    let failed =
        |what: &Path, error: std::io::Error| format!("failed to write `{}`: {error}", what.display());
    let mode = fs::Permissions::from_mode(0o755);
    fs::write(&path, bytes).and_then(|()| fs::set_permissions(&path, mode)).map_err(|e| failed(&path, e))?;
    let path = folder.join(PAGE);
    let page = Page::create(&path).map_err(|error| failed(&path, error))?;
    if seen_as == folder {
        // It is no container's: the server sees the processes that we see.
        page.set_owner(std::process::id());
    }
    Ok((seen, Arc::new(page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn placed(store: Store, choice: ClockChoice, seen_as: &str) -> Result<Preload, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        Preload::place(store, choice, folder.path(), Path::new(seen_as))
    }

    #[test]
    fn chosen_clock_decides_what_is_preloaded() {
        let kind =
            |store, choice| placed(store, choice, "/run").unwrap().placed.map_err(|clock| clock.kind());
        for store in [Store::Redis, Store::Postgres] {
            assert!(kind(store, ClockChoice::Auto).is_ok() && kind(store, ClockChoice::Virtual).is_ok());
            assert_eq!(kind(store, ClockChoice::Real).unwrap_err(), Clock::Real);
        }
        assert_eq!(kind(Store::Redis, ClockChoice::Shifted).unwrap_err(), Clock::Shifted);
        assert_eq!(kind(Store::Postgres, ClockChoice::Shifted).unwrap_err(), Clock::Real);
    }

    /// The loader would take it for two names.
    #[test]
    fn path_that_the_loader_would_split_is_a_reason_to_fall_back() {
        let clock = placed(Store::Redis, ClockChoice::Auto, "/a b").unwrap().placed.unwrap_err();
        assert!(clock.to_string().starts_with("shifted, because `LD_PRELOAD` cannot name"), "{clock}");
        let error = placed(Store::Redis, ClockChoice::Virtual, "/a:b").unwrap_err().to_string();
        assert!(error.contains("Redis") && error.contains("`--clock auto`"), "{error}");
    }
}
