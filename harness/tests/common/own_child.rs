//! Owns the run that a test watches, signals and kills: this very program, started again for one of its tests with a variable that
//! says what to do.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The variable; absent in the tests themselves.
pub(crate) const ROLE: &str = "RACEPROOF_TEST_ROLE";
const READY: &str = "the stores of this run are up: ";

/// What a child says when it is well under way.
pub(crate) fn say_ready(run: &str) {
    println!("{READY}{run}");
}

/// A child that does what its test, such as `leftovers::child`, does in this role, and is under way; and its run.
pub(crate) fn begin(test: &str, role: &str) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(READY) {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the child ended before its stores were up");
    }
    // The child writes on, so its output must not be closed.
    child.stdout = Some(lines.into_inner());
    let (_, run) = line.trim_end().split_once(READY).unwrap();
    (child, run.to_owned())
}
