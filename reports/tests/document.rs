//! Documents as files: what was written is read back, and everything else is refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use raceproof::Isolation;
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
            ..Card::default()
        },
        workers: 2,
        isolation: None,
        model: raceproof::FaultModel::default(),
        seed: u64::MAX,
        verdict,
        coverage: Coverage {
            strategy: "dfs".to_owned(),
            schedules: 1,
            steps: 7,
            preemption_bound: Some(2),
            stopped: Stopped::Inconclusive,
            final_states: [("counter=1".to_owned(), 1)].into(),
            failures: [].into(),
            elapsed_us: 5,
            ..Coverage::default()
        },
        regressions: Vec::new(),
        counterexample: None,
        bursts: None,
        checkpoints: Vec::new(),
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
    assert_eq!(folder.record("counter/get-set", None, None), PathBuf::from("out/counter-get-set.json"));
    assert_eq!(folder.record("../../etc/passwd", None, None), PathBuf::from("out/__-__-etc-passwd.json"));
    assert_eq!(folder.record("a\\b\u{202e}\0", None, None), PathBuf::from("out/a_b__.json"));
}

/// The same scenario at two levels has two records, and no name is that of another one at a level.
#[test]
fn records_of_two_levels_do_not_clobber_each_other() {
    let folder = Folder::at("out");
    let at = |name: &str, level| folder.record(name, level, None);
    assert_eq!(at("a/b", Some(Isolation::Serializable)), PathBuf::from("out/a-b@serializable.json"));
    let all = Isolation::ALL.map(|level| at("a/b", Some(level)));
    assert!(all.iter().collect::<std::collections::BTreeSet<_>>().len() == 3);
    assert_ne!(at("a/b@serializable", None), at("a/b", Some(Isolation::Serializable)));
}

/// As with levels; what a shell would take for a pattern is in no name.
#[test]
fn records_under_two_models_do_not_clobber_each_other() {
    let folder = Folder::at("out");
    let under = |text: &str| folder.record("a/b", None, Some(&text.parse().unwrap()));
    assert_eq!(under("crash"), PathBuf::from("out/a-b@crash.json"));
    assert_eq!(under("pause+crash*2"), PathBuf::from("out/a-b@pause+crashx2.json"));
    let both = folder.record("a/b", Some(Isolation::Serializable), Some(&"none".parse().unwrap()));
    assert_eq!(both, PathBuf::from("out/a-b@serializable@none.json"));
}

/// What was added to version 1 has defaults, so that a record of the program before still reads.
#[test]
fn record_without_the_later_fields_is_read() {
    let mut value: serde_json::Value = serde_json::from_str(&document().to_json().unwrap()).unwrap();
    let coverage = value["outcomes"][0]["coverage"].as_object_mut().unwrap();
    for later in ["splits_max", "repeats", "differing", "conflicts", "faults", "undecided_wakings"] {
        coverage.remove(later);
    }
    for (place, later) in [("card", "isolation"), ("card", "needs_splits")] {
        value["outcomes"][0][place].as_object_mut().unwrap().remove(later);
    }
    value["outcomes"][0].as_object_mut().unwrap().remove("isolation");
    assert_eq!(parse(&value.to_string()).unwrap(), document());
}

/// The table of a run is in its document; one outcome makes none, so that the record of a violation stays as it was.
#[test]
fn sweep_over_models_is_kept() {
    let mut both = document().outcomes;
    both[0].card.models = ["none", "pause"].map(|text| (text.parse().unwrap(), Expectation::Pass)).into();
    both.push(both[0].clone());
    both[1].model = "none".parse().unwrap();
    let written = Document::new(Vec::new(), both);
    let text = written.to_json().unwrap();
    assert!(text.contains("\"over\": \"models\"") && text.contains("\"none\",\n"), "{text}");
    assert_eq!(parse(&text).unwrap(), written);
    assert!(!document().to_json().unwrap().contains("sweeps"));
}

/// What a record says of levels and splits is what was put into it.
#[test]
fn level_splits_and_conflicts_are_kept() {
    let mut written = document();
    let outcome = &mut written.outcomes[0];
    outcome.isolation = Some(Isolation::Serializable);
    outcome.card.isolation = [(Isolation::Serializable, Expectation::Pass)].into();
    outcome.card.needs_splits = true;
    outcome.coverage.splits_max = Some(0);
    outcome.coverage.conflicts = [("40001".to_owned(), 3)].into();
    (outcome.coverage.repeats, outcome.coverage.undecided_wakings) = (19, 1);
    let text = written.to_json().unwrap();
    assert!(text.contains("\"isolation\": \"serializable\"") && text.contains("\"splits_max\": 0"));
    assert_eq!(parse(&text).unwrap(), written);
}

#[test]
fn default_folder_is_in_target_if_there_is_one() {
    let here = tempfile::tempdir().unwrap();
    assert_eq!(Folder::default_in(here.path()).path(), here.path().join("raceproof-records"));
    fs::create_dir(here.path().join("target")).unwrap();
    assert_eq!(Folder::default_in(here.path()).path(), here.path().join("target/raceproof"));
}
