//! Owns [`Running`]: a long search under way, and what can be seen of it from outside.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::{Place, entries};
use crate::processes::{Process, is_stopped, with_descendants};

/// How long something may take that is only a matter of time.
const WAIT_S_MAX: u64 = 60;
/// Commands that Redis has served when a search is well under way: far more than a start needs.
const COMMANDS_UNDER_WAY: u64 = 1_000;
/// A search that would go on for minutes.
pub(crate) const LONG: [&str; 9] =
    ["run", "counter/incr", "--workers", "5", "--keep-going", "--schedules", "1000000", "--budget", "10m"];

/// One in which workers wait for each other in Postgres most of the time.
const LONG_WAITING: [&str; 9] = [
    "run",
    "inventory/advisory-lock-herd",
    "--keep-going",
    "--no-split",
    "--schedules",
    "1000000",
    "--budget",
    "10m",
    "--quiet",
];

/// A long search, its run folders (each engine has one), and what they say that it has started.
pub(crate) struct Running {
    child: Child,
    runs: Vec<String>,
    processes: Vec<Process>,
}

impl Running {
    /// Starts a long search at `place` and returns when it is well under way.
    pub(crate) fn start(place: &Place, provider: &str) -> Self {
        Self::start_as(place, &LONG, provider)
    }

    /// Starts a long search of two engines and returns when it is well under way.
    pub(crate) fn start_with_jobs(place: &Place, provider: &str) -> Self {
        let running = Self::start_as(place, &[&LONG[..], &["--jobs", "2"]].concat(), provider);
        assert_eq!(running.runs.len(), 2, "each has stores of its own");
        running
    }

    fn start_as(place: &Place, words: &[&str], provider: &str) -> Self {
        let mut child = spawn(place, words, provider, Stdio::null());
        let folder = folder_once(place, &mut child, |folder| {
            socket(folder).and_then(|path| commands_served(&path)) > Some(COMMANDS_UNDER_WAY)
        });
        Self::of(child, &folder)
    }

    /// Starts a long search on Postgres and returns when the search has stopped some of the server's processes. The
    /// program itself is stopped at that moment: any other signal than `KILL` is for after `CONT`.
    pub(crate) fn start_holding(place: &Place, provider: &str) -> Self {
        let mut child = spawn(place, &LONG_WAITING, provider, Stdio::null());
        let id = u64::from(child.id());
        let folder = folder_once(place, &mut child, |folder| {
            let servers = with_descendants(&server_numbers(folder));
            if !servers.iter().any(|process| is_stopped(process.id)) {
                return false;
            }
            send(id, "STOP");
            wait_until("the program stops", || is_stopped(id));
            let holds = with_descendants(&server_numbers(folder)).iter().any(|server| is_stopped(server.id));
            if !holds {
                send(id, "CONT");
            }
            holds
        });
        Self::of(child, &folder)
    }

    fn of(child: Child, folder: &Path) -> Self {
        let folders = run_folders(folder.parent().expect("a folder for all runs"));
        let name = |folder: &PathBuf| folder.file_name()?.to_str().map(str::to_owned);
        let runs: Vec<String> = folders.iter().map(|folder| name(folder).expect("hexadecimal")).collect();
        let processes: Vec<_> =
            folders.iter().flat_map(|folder| with_descendants(&server_numbers(folder))).collect();
        assert!(!processes.is_empty(), "something was started");
        Self { child, runs, processes }
    }

    /// Sends a signal by its name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        send(u64::from(self.child.id()), name);
    }

    /// Waits for its end and gives the exit code; `None` if a signal ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("our child").code()
    }

    /// Its containers, whether or not they run.
    pub(crate) fn containers(&self) -> Vec<String> {
        self.runs.iter().flat_map(|run| containers_of(run)).collect()
    }

    /// Whether a process of its servers is alive; one that is stopped is.
    pub(crate) fn servers_live(&self) -> bool {
        self.processes.iter().any(|process| process.lives())
    }

    /// The folders in memory that its servers keep their data in.
    pub(crate) fn folders_in_memory(&self) -> Vec<PathBuf> {
        let is_own = |path: &PathBuf| self.runs.iter().any(|run| path.to_string_lossy().ends_with(run));
        entries(Path::new("/dev/shm")).into_iter().filter(is_own).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed half way leaves no search behind; one that ended is not there any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn containers_of(run: &str) -> Vec<String> {
    listed(&["--quiet", "--filter", &format!("label=org.raceproof.run={run}")])
}

/// What containers see of `folder`, whether or not they run.
pub(crate) fn containers_at(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let all = listed(&["--no-trunc", "--format", "{{.ID}} {{.Mounts}}"]);
    all.into_iter().filter(|line| line.contains(&folder)).collect()
}

/// A line for each container that is so, whether or not it runs.
fn listed(words: &[&str]) -> Vec<String> {
    let listed = Command::new("docker").args(["ps", "--all"]).args(words).output();
    let listed = listed.expect("`docker` is there (run `ci/setup`)");
    let failed = || String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(listed.status.success(), "docker does not answer: {}", failed());
    String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect()
}

/// Looks until `is_so` says yes. The processor is given away between two looks; how often that is decides nothing.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(WAIT_S_MAX), "not so after {WAIT_S_MAX} s: {what}");
        thread::yield_now();
    }
}

/// Starts the program with these stores; what it says of its course goes to `told`.
pub(crate) fn spawn(place: &Place, words: &[&str], provider: &str, told: Stdio) -> Child {
    let mut command = place.command(words);
    command.args(["--stores", provider]).stdout(Stdio::null()).stderr(told);
    command.spawn().expect("the program was built")
}

/// The run's folder, once what it holds is so.
fn folder_once(place: &Place, child: &mut Child, mut is_so: impl FnMut(&Path) -> bool) -> PathBuf {
    let mut folder = None;
    wait_until("the search is under way", || {
        let ended = child.try_wait().expect("our child");
        assert!(
            ended.is_none(),
            "the search ended by itself: {ended:?} (did `ci/setup` run on this machine?)"
        );
        folder = run_folder(place);
        folder.as_deref().is_some_and(&mut is_so)
    });
    folder.expect("it was there a moment ago")
}

/// Sends a signal by its name to a process.
pub(crate) fn send(id: u64, name: &str) {
    let kill = format!("kill -s {name} {id}");
    let status = Command::new("sh").args(["-c", &kill]).status().expect("every system has `sh`");
    assert!(status.success());
}

/// The folder of the first run at `place`.
fn run_folder(place: &Place) -> Option<PathBuf> {
    let base = entries(&place.temp()).into_iter().next()?;
    run_folders(&base).into_iter().next()
}

/// The folders of all runs whose folders are in `base`.
fn run_folders(base: &Path) -> Vec<PathBuf> {
    entries(base).into_iter().filter(|path| path.join("owner.json").exists()).collect()
}

fn socket(folder: &Path) -> Option<PathBuf> {
    let is_socket = |path: &PathBuf| fs::metadata(path).is_ok_and(|data| data.file_type().is_socket());
    entries(folder).iter().flat_map(|folder| entries(folder)).find(is_socket)
}

/// What the Redis behind `socket` counts itself.
fn commands_served(socket: &Path) -> Option<u64> {
    let mut redis = UnixStream::connect(socket).ok()?;
    redis.write_all(b"INFO stats\r\nQUIT\r\n").ok()?;
    let mut answer = String::new();
    redis.read_to_string(&mut answer).ok()?;
    let line = answer.lines().find_map(|line| line.strip_prefix("total_commands_processed:"))?;
    line.trim().parse().ok()
}

/// The numbers of its servers' first processes: those of containers are processes of this system too.
fn server_numbers(folder: &Path) -> Vec<u64> {
    let Ok(owner) = fs::read(folder.join("owner.json")) else { return Vec::new() };
    // It may be about to be written.
    let Ok(owner) = serde_json::from_slice::<Value>(&owner) else { return Vec::new() };
    let listed = |name: &str| owner[name].as_array().cloned().unwrap_or_default();
    let local = listed("processes").into_iter().filter_map(|process| process["pid"].as_u64());
    let contained = listed("containers").into_iter().filter_map(|name| {
        let inspect = ["inspect", "--format", "{{.State.Pid}}", name.as_str()?];
        let told = Command::new("docker").args(inspect).output().expect("`docker` is there (run `ci/setup`)");
        String::from_utf8_lossy(&told.stdout).trim().parse().ok().filter(|id| *id > 0)
    });
    local.chain(contained).collect()
}
