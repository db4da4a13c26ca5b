//! Owns the proof that programs into which the library is loaded live at the page's time, and that it loads anywhere.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use raceproof_clock::{Page, library};
use tempfile::TempDir;

/// A page, and a library that reads it.
struct Clock {
    page: Page,
    library: PathBuf,
    _folder: TempDir,
}

impl Clock {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, library_path) = (folder.path().join("page"), folder.path().join("clock.so"));
        std::fs::write(&library_path, library(&path).expect("a library")).expect("room");
        let page = Page::create(&path).expect("a new file");
        Self { page, library: library_path, _folder: folder }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("LD_PRELOAD", &self.library).output();
        let output = output.unwrap_or_else(|error| panic!("`{program}`: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn nanos(&self) -> Duration {
        Duration::from_nanos(self.run("date", &["+%s%N"]).parse().expect("a number"))
    }
}

fn real() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

const CHOSEN: Duration = Duration::new(1_893_456_000, 123_456_789);

#[test]
fn chosen_time_is_told_to_the_nanosecond() {
    let clock = Clock::new();
    clock.page.set(Some(CHOSEN));
    assert_eq!((clock.nanos(), clock.nanos()), (CHOSEN, CHOSEN));
}

#[test]
fn real_time_is_told_until_one_is_chosen_and_afterwards() {
    let clock = Clock::new();
    for chosen in [CHOSEN, CHOSEN / 2] {
        let (before, told, after) = (real(), clock.nanos(), real());
        assert!(before <= told && told <= after, "{before:?} {told:?} {after:?}");
        clock.page.set(Some(chosen));
        assert_eq!(clock.nanos(), chosen);
        clock.page.set(None);
    }
}

/// Each function of the C library is asked on its own, in a process with a page and in one without; a child that is forked
/// has the page too. The monotonic clock goes on.
#[test]
fn every_function_agrees_and_other_clocks_go_on() {
    let clock = Clock::new();
    clock.page.set(Some(CHOSEN));
    let script = "
import ctypes, os, sys, time
library = ctypes.CDLL(None)
class Pair(ctypes.Structure): _fields_ = [('s', ctypes.c_long), ('n', ctypes.c_long)]
def told():
    pair, zone = Pair(), Pair(7, 7)
    for number in (0, 5):
        assert library.clock_gettime(number, ctypes.byref(pair)) == 0
        assert (pair.s, pair.n) == (1893456000, 123456789), (number, pair.s, pair.n)
    assert library.gettimeofday(ctypes.byref(pair), ctypes.byref(zone)) == 0
    assert (pair.s, pair.n) == (1893456000, 123456) and zone.s == 0
    assert library.gettimeofday(None, None) == 0
    library.time.restype = ctypes.c_long
    assert library.time(None) == 1893456000
    seconds = ctypes.c_long()
    assert library.time(ctypes.byref(seconds)) == seconds.value == 1893456000
    assert library.clock_gettime(99, ctypes.byref(pair)) == -1
told()
assert time.time_ns() == 1893456000123456789
before = time.monotonic_ns()
while time.monotonic_ns() == before: pass
assert time.monotonic() < 1e9
child = os.fork()
if child == 0:
    told()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print('ok')";
    assert_eq!(clock.run("python3", &["-c", script]), "ok");
}

/// A timer that is always too early by the chosen clock would keep its program busy if it were set to what is left.
#[test]
fn short_timer_rings_later_while_a_time_is_chosen() {
    let clock = Clock::new();
    let script = "
import signal, time
signal.signal(signal.SIGALRM, lambda *_: None)
before = time.monotonic()
signal.setitimer(signal.ITIMER_REAL, 0.000001)
signal.pause()
print(int((time.monotonic() - before) * 1000 >= 5))
signal.setitimer(signal.ITIMER_REAL, 1000)
signal.setitimer(signal.ITIMER_REAL, 0)
print(signal.getitimer(signal.ITIMER_REAL)[0])";
    clock.page.set(Some(CHOSEN));
    assert_eq!(clock.run("python3", &["-c", script]), "1\n0.0");
}

/// A server counts seconds until it ends by force what does not end by itself, also when nobody is left who sets its clock.
#[test]
fn seconds_go_by_once_the_owner_is_gone() {
    let clock = Clock::new();
    clock.page.set(Some(CHOSEN));
    let script = "
import ctypes, time
library = ctypes.CDLL(None)
library.time.restype = ctypes.c_long
first = library.time(None)
time.sleep(1.1)
print(first == 1893456000, library.time(None) - first >= 1, time.time_ns() == 1893456000123456789)";
    clock.page.set_owner(std::process::id());
    assert_eq!(clock.run("python3", &["-c", script]), "True False True");
    let mut owner = Command::new("true").spawn().expect("there is `true`");
    owner.wait().expect("our child");
    clock.page.set_owner(owner.id());
    assert_eq!(clock.run("python3", &["-c", script]), "False True True");
}

/// A library that is gone when the program asks, or a page, is the real clock, not a failure.
#[test]
fn page_that_is_not_there_is_the_real_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clock.so");
    std::fs::write(&path, library(&folder.path().join("nothing")).expect("a library")).expect("room");
    let output = Command::new("date").arg("+%s").env("LD_PRELOAD", &path).output().expect("there is `date`");
    let told: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
    assert!(told.abs_diff(real().as_secs()) < 100, "{told}");
}

/// Whatever C library a server has, or whatever else it has loaded: nothing is asked of it.
#[test]
fn library_needs_no_other() {
    let clock = Clock::new();
    let path = clock.library.to_str().expect("text");
    let told = |program: &str, arguments: &[&str]| {
        let output =
            Command::new(program).args(arguments).arg(path).output().expect("binutils come with a linker");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let dynamic = told("readelf", &["--dynamic", "--wide"]);
    assert!(dynamic.contains("SYMTAB") && !dynamic.contains("NEEDED"), "{dynamic}");
    let symbols = told("readelf", &["--dyn-syms", "--wide"]);
    let named = |line: &&str| line.contains(" FUNC ") || line.contains(" OBJECT ") || line.contains(" UND ");
    let names: Vec<_> =
        symbols.lines().filter(named).filter_map(|line| line.split_whitespace().nth(7)).collect();
    assert_eq!(names, ["clock_gettime", "gettimeofday", "setitimer", "time"], "{symbols}");
}
