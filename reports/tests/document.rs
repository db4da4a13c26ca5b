//! Documents as files: what was written is read back, and everything else is refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use raceproof::card::{Card, Expectation};
use raceproof::outcome::{Coverage, Outcome, Stopped};
use raceproof::verdict::{Inconclusive, Verdict};
use raceproof_reports::document::{DOCUMENT_BYTES_MAX, FORMAT, VERSION};
use raceproof_reports::{Document, DocumentError, Folder};

fn outcome(name: &str) -> Outcome {
    let verdict = Verdict::Inconclusive(Inconclusive::StepLimit { steps_max: 7 });
    Outcome {
        card: Card {
            name: name.to_owned(),
            about: "Adds. Holds.".to_owned(),
            expected: Expectation::Violation { anomaly: "lost update".to_owned() },
            stores: vec!["redis".to_owned()],
            workers: 2,
            source: None,
        },
        workers: 2,
        seed: u64::MAX,
        verdict,
        coverage: Coverage {
            strategy: "dfs".to_owned(),
            schedules: 1,
            steps: 7,
            exhausted: false,
            preemption_bound: Some(2),
            stopped: Stopped::Inconclusive,
            violating: 0,
            first_violation: None,
            final_states: [("counter=1".to_owned(), 1)].into(),
            failures: [].into(),
            elapsed_us: 5,
        },
        counterexample: None,
        stores: vec!["redis".to_owned()],
        clock: "virtual".to_owned(),
    }
}

fn document() -> Document {
    Document::new(vec!["raceproof".to_owned(), "run".to_owned()], vec![outcome("counter/get-set")])
}

fn parse(text: &str) -> Result<Document, DocumentError> {
    Document::parse(text.as_bytes(), Path::new("x.json"))
}

/// The largest seed is kept exactly, which a reader that thinks in floating point would not do.
#[test]
fn written_document_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    document().write(&path).unwrap();
    document().write(&path).unwrap();
    assert_eq!(Document::read(&path).unwrap(), document());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.json"], "no temporary file stays");
}

/// The envelope is API: these names and this order of things may never change.
#[test]
fn envelope_is_as_documented() {
    let text = document().to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((value["format"].as_str(), value["version"].as_u64()), (Some(FORMAT), Some(VERSION)));
    assert_eq!(value["command"][1].as_str(), Some("run"));
    assert_eq!(value["outcomes"][0]["card"]["name"].as_str(), Some("counter/get-set"));
    assert_eq!(value["outcomes"][0]["seed"].as_u64(), Some(u64::MAX));
}

/// Appending fields is allowed within a version, so a reader must not stumble over them.
#[test]
fn unknown_field_is_ignored() {
    let text = document().to_json().unwrap().replacen('{', "{\"later\": [1],", 1);
    assert_eq!(parse(&text).unwrap(), document());
}

#[test]
fn newer_version_is_refused_by_number() {
    let text = document().to_json().unwrap().replace("\"version\": 1", "\"version\": 2");
    let error = parse(&text).expect_err("version 2 is not known");
    assert!(matches!(error, DocumentError::Newer { found: 2, .. }), "{error}");
    assert!(error.to_string().contains("reads up to 1"));
}

/// Wherever a document is cut, the reader is told that it was cut.
#[test]
fn truncated_document_is_told_as_such() {
    let text = document().to_json().unwrap();
    for end in [1, 10, text.len() / 2, text.len() - 2] {
        let error = parse(&text[..end]).expect_err("cut");
        assert!(matches!(error, DocumentError::Truncated { .. }), "{end}: {error}");
    }
}

#[test]
fn something_else_is_no_record() {
    for text in ["", " \n", "hello", "[]", "{}", "null", "{\"format\": \"har\"}", "\u{0}\u{1}"] {
        let error = parse(text).expect_err(text);
        assert!(matches!(error, DocumentError::NotARecord { .. }), "{text}: {error}");
    }
    for version in ["0", "-1", "\"1\"", "1.5", "null"] {
        let text = format!("{{\"format\": \"{FORMAT}\", \"version\": {version}}}");
        assert!(matches!(parse(&text), Err(DocumentError::NotARecord { .. })), "{version}");
    }
}

/// A record whose schedule is no schedule, or that lacks a field, is damaged, with the reason as source.
#[test]
fn damaged_record_is_told_with_its_reason() {
    let text = document().to_json().unwrap().replace("\"seed\"", "\"sede\"");
    let error = parse(&text).expect_err("the seed is missing");
    assert!(matches!(error, DocumentError::Damaged { .. }), "{error}");
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("seed"));
}

/// Nesting deeper than the parser's limit is an error, not the end of the stack.
#[test]
fn deep_nesting_is_refused() {
    let text = "[".repeat(1_000_000);
    assert!(parse(&text).is_err());
}

#[test]
fn file_that_is_missing_or_too_large_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Document::read(&folder.path().join("no.json")).expect_err("missing");
    assert!(matches!(missing, DocumentError::Unreadable { .. }));
    let large = folder.path().join("large.json");
    fs::File::create(&large).unwrap().set_len(DOCUMENT_BYTES_MAX + 1).unwrap();
    let error = Document::read(&large).expect_err("too large");
    assert!(matches!(error, DocumentError::TooLarge { .. }));
    assert!(error.to_string().contains("large.json"));
}

#[test]
fn unwritable_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Folder::at(&file).write_whole_run(&[], Vec::new()).expect_err("a file is no folder");
    assert!(matches!(error, DocumentError::Unwritable { .. }), "{error}");
}

/// Names from a record may be hostile: none leads out of the folder.
#[test]
fn record_names_stay_in_the_folder() {
    let folder = Folder::at("out");
    assert_eq!(folder.record("counter/get-set"), PathBuf::from("out/counter-get-set.json"));
    assert_eq!(folder.record("../../etc/passwd"), PathBuf::from("out/__-__-etc-passwd.json"));
    assert_eq!(folder.record("a\\b\u{202e}\0"), PathBuf::from("out/a_b__.json"));
}

#[test]
fn default_folder_is_in_target_if_there_is_one() {
    let here = tempfile::tempdir().unwrap();
    assert_eq!(Folder::default_in(here.path()).path(), here.path().join("raceproof-records"));
    fs::create_dir(here.path().join("target")).unwrap();
    assert_eq!(Folder::default_in(here.path()).path(), here.path().join("target/raceproof"));
}
