//! The built program from outside, as far as it goes without stores: exit codes and streams.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use raceproof_reports::Document;

fn raceproof(words: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raceproof"));
    command.args(words).current_dir(folder).env_remove("RACEPROOF_STORES");
    command.output().expect("the program was built")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Help that was asked for is a result; help that was not is an error.
#[test]
fn help_goes_to_stdout_and_usage_to_stderr() {
    let here = tempfile::tempdir().unwrap();
    let asked = raceproof(&["run", "--help"], here.path());
    assert_eq!(code(&asked), Some(0));
    assert!(asked.stderr.is_empty() && String::from_utf8_lossy(&asked.stdout).contains("Exit codes:"));
    let wrong = raceproof(&["run", "--no-such-flag"], here.path());
    assert_eq!(code(&wrong), Some(2));
    assert!(wrong.stdout.is_empty() && !wrong.stderr.is_empty());
}

/// Nothing is started and nothing is written for arguments that make no sense.
#[test]
fn senseless_arguments_end_with_2_and_leave_nothing() {
    let here = tempfile::tempdir().unwrap();
    for words in [
        ["run", "no-such-scenario-at-all"].as_slice(),
        &["run", "--stores", "url"],
        &["run", "--strategy", "random", "--preemptions", "1"],
        &["run", "--no-split", "--splits", "2"],
        &["run", "--strategy", "burst", "--fault", "crash"],
        &["run", "--isolation", "snapshot"],
        &["run", "--repeat", "0"],
        &["replay", "missing.json"],
        &["report", "missing.json"],
    ] {
        let output = raceproof(words, here.path());
        assert_eq!(code(&output), Some(2), "{words:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with("error: ") && output.stdout.is_empty(), "{words:?}: {told}");
    }
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn page_is_made_of_a_document() {
    let here = tempfile::tempdir().unwrap();
    Document::new(vec!["raceproof".to_owned()], Vec::new()).write(&here.path().join("report.json")).unwrap();
    let output = raceproof(&["report", "."], here.path());
    assert_eq!(
        (code(&output), String::from_utf8_lossy(&output.stdout).as_ref()),
        (Some(0), "./report.html\n")
    );
    assert!(fs::read_to_string(here.path().join("report.html")).unwrap().ends_with("</html>\n"));
}

/// The completions are made of the definition, so a new option is in them, with its values.
#[test]
fn completions_know_the_options_of_run() {
    let here = tempfile::tempdir().unwrap();
    let script = String::from_utf8(raceproof(&["completions", "bash"], here.path()).stdout).unwrap();
    for word in ["--isolation", "read-committed repeatable-read serializable all", "--no-split", "--repeat"] {
        assert!(script.contains(word), "{word}");
    }
}

/// A reader that leaves early, such as `head`, is no error.
#[test]
fn broken_pipe_is_not_an_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_raceproof"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
