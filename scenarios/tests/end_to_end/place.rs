//! Owns [`Place`]: a folder in which the program is called, with a temp folder of its own, so that everything there is
//! its own and other tests are left alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Where the program is called, and where it keeps what it starts.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        // Local servers run as another user if we are root: they must get through.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("our own folder");
        fs::create_dir(folder.path().join("tmp")).expect("our own folder");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The temp folder of what is called here.
    pub(crate) fn temp(&self) -> PathBuf {
        self.path("tmp")
    }

    /// The program with these arguments, to be called here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_raceproof"));
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.temp());
        command.env_remove("RACEPROOF_STORES").env_remove("NO_COLOR");
        command
    }

    /// Calls the program and waits for its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Called {
        Called::of(&self.command(arguments).output().expect("the program was built"))
    }

    /// How many files and folders there are in the temp folder and below.
    pub(crate) fn fullness(&self) -> usize {
        fn below(folder: &Path) -> usize {
            entries(folder).iter().map(|path| 1 + if path.is_dir() { below(path) } else { 0 }).sum()
        }
        below(&self.temp())
    }

    /// What the temp folder holds.
    pub(crate) fn left(&self) -> Vec<String> {
        entries(&self.temp()).iter().map(|path| path.display().to_string()).collect()
    }
}

/// How a call of the program ended.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Called {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program writes text");
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Itself, if it ended with `code`; the messages of the program and the way out if not.
    pub(crate) fn ended_with(self, code: i32) -> Self {
        let Self { code: found, stdout, stderr } = &self;
        assert_eq!(*found, Some(code), "(did `ci/setup` run on this machine?)\n{stdout}\n{stderr}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("`--format json` writes JSON and nothing else")
    }
}

/// What lies in a folder, by name; nothing if there is none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = found.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
