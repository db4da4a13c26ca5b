//! Owns the proof that a run leaves its reports in every format, and that each can be had on stdout and of records.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::place::{Place, entries};
use crate::running::wait_until;

/// A scenario that breaks as expected.
const RUN: [&str; 4] = ["run", "counter/get-set", "--stores", "local"];

#[test]
fn run_leaves_a_report_in_every_format() {
    let place = Place::new();
    let told = place.call(&[&RUN[..], &["--out", "target/report"]].concat()).ended_with(0);
    assert!(told.stderr.ends_with("; the page: target/report/report.html\n"), "{told:?}");
    let names =
        ["counter-get-set.json", "junit.xml", "report.html", "report.json", "report.md", "report.sarif"];
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let left: Vec<_> = entries(&place.path("target/report")).iter().filter_map(name).collect();
    assert_eq!(left, names);
    let text = |name: &str| fs::read_to_string(place.path("target/report").join(name)).expect("it is there");
    let replay = "replay target/report/counter-get-set.json --stores local";
    for name in ["junit.xml", "report.html", "report.md"] {
        assert!(text(name).contains(replay), "{name}: {}", text(name));
    }
    assert!(text("junit.xml").contains("tests=\"1\" failures=\"0\" errors=\"0\""), "{}", text("junit.xml"));
    let sarif: Value = serde_json::from_str(&text("report.sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()), "it was expected");
    let record: Value = serde_json::from_str(&text("report.json")).expect("JSON");
    assert!(record["begun_ms"].as_u64() > Some(1_700_000_000_000), "{}", record["begun_ms"]);
}

/// A run whose violation is a surprise, on stdout in the formats of machines, as one record of it gives them.
#[test]
fn formats_of_a_run_and_of_its_record_agree() {
    let place = Place::new();
    for format in ["json", "junit", "sarif", "markdown"] {
        let words = ["--strict-pass", "--format", format, "--out", "out"];
        let run = place.call(&[&RUN[..], &words].concat()).ended_with(1);
        let files = [
            ("json", "report.json"),
            ("junit", "junit.xml"),
            ("sarif", "report.sarif"),
            ("markdown", "report.md"),
        ];
        let (_, file) = files.iter().find(|(name, _)| *name == format).expect("one of them");
        assert_eq!(
            run.stdout,
            fs::read_to_string(place.path("out").join(file)).expect("it was left"),
            "{format}"
        );
        let report = place.call(&["report", "out", "--strict-pass", "--format", format]).ended_with(0);
        // The record of the whole run has another name than that of its violation.
        let alike = |text: &str| {
            text.lines().filter(|line| !line.contains("replay")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(alike(&report.stdout), alike(&run.stdout), "{format}");
    }
}

/// What the system under test says cannot be taken for commands, and the summary goes where it is asked for.
#[test]
fn annotations_stand_behind_text_in_which_commands_are_stopped() {
    let place = Place::new();
    let summary = place.path("summary.md");
    let mut command =
        place.command(&[&RUN[..], &["--strict-pass", "--format", "github", "--out", "out"]].concat());
    let output = command.env("GITHUB_STEP_SUMMARY", &summary).output().expect("the program was built");
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    // Each piece of text has a word of its own that ends it.
    let (_, last) = stdout.rsplit_once("::stop-commands::").expect("commands are stopped");
    let (token, _) = last.split_once('\n').expect("a line of its own");
    let (_, behind) = last.split_once(&format!("\n::{token}::\n")).expect("and go on");
    assert!(stdout.starts_with("::stop-commands::"), "{stdout}");
    assert!(behind.starts_with("::error title=counter/get-set%3A refused by --strict-pass::"), "{stdout}");
    assert_eq!(behind.lines().count(), 1, "{stdout}");
    let summary = fs::read_to_string(summary).expect("it was written");
    assert!(summary.starts_with("## Raceproof\n"), "{summary}");
}

/// A page is shown by what the user calls a browser; without any, it is said where the page is.
#[test]
fn page_is_opened_in_the_browser_of_the_user() {
    let place = Place::new();
    place.call(&[&RUN[..], &["--out", "out"]].concat()).ended_with(0);
    let browser = place.path("browser");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > '{}'\n", place.path("opened").display()))
        .expect("our own folder");
    fs::set_permissions(&browser, Permissions::from_mode(0o755)).expect("our own file");
    let call = |path: &str, browser: &str| {
        let mut command = place.command(&["report", "out", "--open"]);
        command.env("PATH", path).env("BROWSER", browser).output().expect("the program was built")
    };
    let opened = call("/usr/bin:/bin", &browser.display().to_string());
    assert_eq!(opened.status.code(), Some(0), "{opened:?}");
    wait_until("the page is opened", || place.path("opened").exists());
    let without = call("", "");
    let told = String::from_utf8_lossy(&without.stderr);
    assert_eq!(without.status.code(), Some(4), "{told}");
    assert!(told.contains("failed to open a browser") && told.contains("report.html"), "{told}");
}

/// What a program reads may rely on the schema that the same program prints.
#[test]
fn documents_of_the_program_are_as_its_schemas_say() {
    let place = Place::new();
    let schema = |of: &str| place.call(&["schema", of]).ended_with(0).json();
    let record = place.call(&[&RUN[..], &["--format", "json"]].concat()).ended_with(0).json();
    let list = place.call(&["list", "--format", "json"]).ended_with(0).json();
    let history =
        "{:type :invoke, :f :write, :value 1, :process 0}\n{:type :ok, :f :write, :value 1, :process 0}\n";
    fs::write(place.path("history.edn"), history).expect("our own folder");
    let words = ["check", "history.edn", "--model", "register", "--format", "json"];
    let check = place.call(&words).ended_with(0).json();
    for (of, document) in [("record", record), ("list", list), ("check", check)] {
        let validator = jsonschema::validator_for(&schema(of)).expect("a schema");
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{of}");
        assert!(!validator.is_valid(&Value::Object(serde_json::Map::new())), "{of}");
    }
}
