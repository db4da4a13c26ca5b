//! Owns the building and running of the examples' tests, each in a place of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::files;

/// Longest time to wait for a state of the system.
const STATE_S_MAX: u64 = 60;

/// The examples' tests, as cargo builds them on the same terms as this one.
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    let mut cargo = Command::new(env!("CARGO"));
    // Of the whole workspace, so that nothing which is built already is built again with other features.
    cargo.args(["test", "--workspace", "--locked", "--no-run", "--message-format=json"]);
    cargo.args(crate::EXAMPLES.iter().flat_map(|(example, ..)| ["--example", example]));
    cargo.args((!cfg!(debug_assertions)).then_some("--release"));
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo has built this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).expect("text");
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    };
    messages.lines().filter_map(program).collect()
});

/// A private folder: for the stores, the records and the kept schedules of what runs there.
pub(crate) struct Place(TempDir);

/// How a test ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// How far the servers of a test have come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Servers {
    Run,
    /// Whoever connects is told that Postgres is starting up.
    Listen,
    AreReady,
}

/// A test that runs.
pub(crate) struct Running(Child);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs one test of an example to its end.
    pub(crate) fn run(&self, example: &str, test: &str, variables: &[(&str, &str)]) -> Ran {
        self.start(example, test, variables).ended()
    }

    /// Runs all tests of an example on so many threads.
    pub(crate) fn run_all(&self, example: &str, threads: usize) -> Ran {
        self.spawn(example, &["--test-threads", &threads.to_string()], &[]).ended()
    }

    pub(crate) fn start(&self, example: &str, test: &str, variables: &[(&str, &str)]) -> Running {
        self.spawn(example, &["--exact", &format!("tests::{test}"), "--show-output"], variables)
    }

    fn spawn(&self, example: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = Command::new(&PROGRAMS[example]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        let known = std::env::vars_os().map(|(name, _)| name);
        known.filter(|name| name.to_string_lossy().starts_with("RACEPROOF_")).for_each(|name| {
            command.env_remove(name);
        });
        command.env("TMPDIR", self.path()).env("RACEPROOF_STORES", "local").env_remove("RUST_BACKTRACE");
        command.env("RACEPROOF_OUT", self.path().join("out"));
        command.env("RACEPROOF_REGRESSIONS", self.path().join("schedules"));
        command.envs(variables.iter().copied());
        Running(command.spawn().expect("it was built"))
    }

    /// The one file with this extension in a folder of this place.
    pub(crate) fn only_file(&self, folder: &str, extension: &str) -> PathBuf {
        let mut found = files(&self.path().join(folder), extension);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// Nothing that belongs to stores is left: no process, no socket, no folder.
    pub(crate) fn is_left_clean(&self) {
        assert_eq!(self.servers(), [""; 0], "no server is left");
        assert!(self.path().is_dir(), "a place that is gone is not looked at");
        let left = beginning_with(self.path(), "raceproof-");
        assert!(left.is_empty(), "{left:?}");
    }

    /// Whether the servers have come so far.
    fn has(&self, state: Servers) -> bool {
        match state {
            Servers::Run => self.servers().len() > 1,
            Servers::Listen => {
                self.postgres().is_some_and(|folder| !beginning_with(&folder, ".s.PGSQL").is_empty())
            }
            Servers::AreReady => self.postgres().is_some_and(|folder| {
                fs::read_to_string(folder.join("data/postmaster.pid"))
                    .is_ok_and(|told| told.contains("ready"))
            }),
        }
    }

    /// The folder of the one Postgres that runs here.
    fn postgres(&self) -> Option<PathBuf> {
        let base = beginning_with(self.path(), "raceproof-").pop()?;
        Some(entries(&base).pop()?.join("postgres"))
    }

    /// The kernel ends servers with the process that has started them.
    pub(crate) fn has_no_servers(&self) {
        wait_until("servers end with their owner", || self.servers().is_empty());
    }

    /// The folders of processes that run here. Redis has another command once it runs, so that would not tell.
    fn servers(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").expect("proc(5)").flatten();
        let folders = processes.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok());
        folders
            .filter(|folder| folder.starts_with(self.path()))
            .map(|folder| folder.display().to_string())
            .collect()
    }
}

impl Ran {
    /// Its output holds all of this.
    pub(crate) fn tells(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stdout.contains(text), "{text}: {self:?}");
        }
    }
}

impl Running {
    /// Itself, once its servers have come so far.
    pub(crate) fn once(mut self, state: Servers, place: &Place) -> Self {
        let mut has_ended = false;
        wait_until(&format!("servers: {state:?}"), || {
            has_ended = self.0.try_wait().expect("it is ours").is_some();
            has_ended || place.has(state)
        });
        if has_ended {
            panic!("it ended before its servers had come so far ({state:?}): {:?}", self.ended());
        }
        self
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it is ours and runs");
    }

    pub(crate) fn ended(self) -> Ran {
        let output = self.0.wait_with_output().expect("it is ours");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// What lies in a folder; nothing if there is none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// What lies in a folder under a name that begins so.
fn beginning_with(folder: &Path, begin: &str) -> Vec<PathBuf> {
    let is_so =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begin));
    entries(folder).into_iter().filter(is_so).collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(STATE_S_MAX);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
