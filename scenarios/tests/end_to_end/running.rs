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

/// How long something may take that is only a matter of time.
const WAIT_S_MAX: u64 = 60;
/// Commands that Redis has served when a search is well under way: far more than a start needs.
const COMMANDS_UNDER_WAY: u64 = 1_000;
/// A search that would go on for minutes.
const LONG: [&str; 9] =
    ["run", "counter/incr", "--workers", "5", "--keep-going", "--schedules", "1000000", "--budget", "10m"];

/// A long search, its run folder, and what the folder says that it has started.
pub(crate) struct Running {
    child: Child,
    run: String,
    processes: Vec<Process>,
}

/// A server, told from later processes with the same number by its start.
struct Process {
    id: u64,
    start: u64,
}

impl Running {
    /// Starts a long search at `place` and returns when it is well under way.
    pub(crate) fn start(place: &Place, provider: &str) -> Self {
        let mut command = place.command(&LONG);
        command.args(["--stores", provider]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program was built");
        let mut folder = None;
        wait_until("the search is under way", || {
            let ended = child.try_wait().expect("our child");
            assert!(
                ended.is_none(),
                "the search ended by itself: {ended:?} (did `ci/setup` run on this machine?)"
            );
            folder = run_folder(place);
            folder.as_deref().and_then(socket).and_then(|path| commands_served(&path))
                > Some(COMMANDS_UNDER_WAY)
        });
        let folder = folder.expect("it was there a moment ago");
        let run = folder.file_name().expect("a folder has a name").to_str().expect("hexadecimal").to_owned();
        let running = Self { child, run, processes: processes(&folder) };
        assert!(!running.containers().is_empty() || running.servers_live(), "something was started");
        running
    }

    /// Sends a signal by its name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let send = format!("kill -s {name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &send]).status().expect("every system has `sh`");
        assert!(status.success());
    }

    /// Waits for its end and gives the exit code; `None` if a signal ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("our child").code()
    }

    /// Its containers, whether or not they run.
    pub(crate) fn containers(&self) -> Vec<String> {
        let label = format!("label=org.raceproof.run={}", self.run);
        let listed = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &label]).output();
        let listed = listed.expect("`docker` is there (run `ci/setup`)");
        assert!(
            listed.status.success(),
            "docker does not answer: {}",
            String::from_utf8_lossy(&listed.stderr)
        );
        String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect()
    }

    /// Whether one of its servers is alive.
    pub(crate) fn servers_live(&self) -> bool {
        self.processes.iter().any(|process| start_of(process.id) == Some(process.start))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed half way leaves no search behind; one that ended is not there any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until `is_so` says yes. The processor is given away between two looks; how often that is decides nothing.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(WAIT_S_MAX), "not so after {WAIT_S_MAX} s: {what}");
        thread::yield_now();
    }
}

/// The folder of the only run at `place`.
fn run_folder(place: &Place) -> Option<PathBuf> {
    let base = entries(&place.temp()).into_iter().next()?;
    entries(&base).into_iter().find(|path| path.join("owner.json").exists())
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

fn processes(folder: &Path) -> Vec<Process> {
    let owner = fs::read(folder.join("owner.json")).expect("the run's folder says what it has started");
    let owner: Value = serde_json::from_slice(&owner).expect("JSON");
    let noted = owner["processes"].as_array().expect("a list").iter();
    let number = |value: &Value| value.as_u64().expect("a number");
    noted.map(|process| Process { id: number(&process["pid"]), start: number(&process["start"]) }).collect()
}

/// When a process began, in ticks since the boot; `None` if there is none or it has ended (proc(5), fields 3 and 22).
fn start_of(id: u64) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    if fields[0] == "Z" { None } else { fields.get(19)?.parse().ok() }
}
