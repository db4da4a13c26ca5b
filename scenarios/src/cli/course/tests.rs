//! The course of a run with an engine that is told what to answer.

use std::cell::Cell;
use std::path::Path;

use raceproof::plan::Plan;
use raceproof::run::RegressionFolder;
use raceproof::{FaultModel, Isolation};
use raceproof_reports::{Document, Folder, Style};
use tempfile::TempDir;

use super::{Allowance, Course, Exit, Format, Leg, Loudness, Outcome, Output, Resumption};
use crate::cli::fake::{self, Captured, Fake};

/// A violation is kept once, and said to be, where there is a folder for it; the engine is given what is kept.
#[test]
fn violations_are_kept_in_the_folder_of_regressions() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut kept = RegressionFolder::open(place.path().join("kept")).expect("nothing is there yet");
    let mut run = || {
        let notes = Captured::default();
        let mut output = Output::to(Box::new(Captured::default()), Box::new(notes.clone()), Style::plain());
        let mut explorer = Fake::answering(two());
        let exit = course(&two(), place.path()).run(&mut explorer, Some(&mut kept), &mut output);
        (exit.expect("writable"), notes.text().matches("kept the schedule in").count(), explorer.regressions)
    };
    assert_eq!(run(), (Exit::AsExpected, 1, vec![0, 1]));
    assert_eq!(run(), (Exit::AsExpected, 0, vec![1, 1]));
}

struct Ran {
    exit: Exit,
    results: String,
    notes: String,
    folder: TempDir,
    explored: Vec<String>,
}

fn legs(outcomes: &[(&str, Option<Outcome>)]) -> Vec<Leg> {
    let leg = |(name, outcome): &(&str, Option<Outcome>)| match outcome {
        Some(outcome) => Leg::of(&outcome.card, outcome.isolation, outcome.model.clone()),
        None => Leg::of(&fake::passed(name).card, None, FaultModel::default()),
    };
    outcomes.iter().map(leg).collect()
}

fn course(outcomes: &[(&str, Option<Outcome>)], folder: &Path) -> Course<'static> {
    Course {
        legs: legs(outcomes),
        plan: Plan::default(),
        allowance: Allowance::of(None),
        folder: Folder::at(folder),
        resumption: Some(Resumption::new(Folder::at(folder).checkpoints(), false, 1)),
        command: vec!["raceproof".to_owned(), "run".to_owned()],
        store_words: vec!["--stores".to_owned(), "local".to_owned()],
        format: Format::Human,
        is_fail_fast: false,
        is_strict_pass: false,
        loudness: Loudness { quiet: false, verbose: false },
        signal: &|| None,
    }
}

/// Runs `outcomes` (`None`: the engine fails there) in a course that `change` has changed.
fn ran(outcomes: &[(&str, Option<Outcome>)], change: impl FnOnce(&mut Course<'_>)) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (results, notes) = (Captured::default(), Captured::default());
    let style = Style::plain();
    let mut output = Output::to(Box::new(results.clone()), Box::new(notes.clone()), style);
    let mut explorer = Fake::answering(outcomes.iter().cloned());
    let mut course = course(outcomes, folder.path());
    change(&mut course);
    let exit = course.run(&mut explorer, None, &mut output).expect("the folder can be written to");
    let place = folder.path().display().to_string();
    let redacted = |text: &str| text.replace(&place, "OUT");
    Ran {
        exit,
        results: redacted(&results.text()),
        notes: redacted(&notes.text()),
        folder,
        explored: explorer.explored,
    }
}

fn two() -> Vec<(&'static str, Option<Outcome>)> {
    vec![
        ("counter/get-set", Some(fake::caught("counter/get-set"))),
        ("counter/incr", Some(fake::passed("counter/incr"))),
    ]
}

#[test]
fn expected_violations_are_told_shortly() {
    let ran = ran(&two(), |_| {});
    assert_eq!(ran.exit, Exit::AsExpected);
    insta::assert_snapshot!(ran.results, @r"
    ✓ counter/get-set  expected violation (lost update): found in schedule 2 of 6 explored, exhausted: yes; 1.50 ms
        the counter is 1; promised: the counter ends at the number of increments
        replay: raceproof replay OUT/counter-get-set.json --stores local
    ✓ counter/incr     expected pass: no violation in the 6 schedules explored, exhausted: yes; 1.50 ms
    2 scenarios: 2 as expected
    ");
    insta::assert_snapshot!(ran.notes, @"wrote the run and the record of its violation to `OUT`; the page: OUT/report.html");
}

/// A record holds what `replay` needs, and `report.json` holds everything.
#[test]
fn violations_and_the_whole_run_are_stored() {
    let ran = ran(&two(), |_| {});
    let record = Document::read(&ran.folder.path().join("counter-get-set.json")).expect("a record");
    assert_eq!(record.outcomes.len(), 1);
    assert!(record.outcomes[0].counterexample.is_some());
    let whole = Document::read(&ran.folder.path().join("report.json")).expect("the whole run");
    assert_eq!(whole.outcomes.len(), 2);
    assert!(!ran.folder.path().join("counter-incr.json").exists());
}

/// One scenario, `-v` or a surprise: the violation is told with its lanes, the command last.
#[test]
fn violation_is_told_in_full_where_somebody_wants_to_see_it() {
    let alone = ran(&two()[..1], |_| {});
    let verbose = ran(&two(), |course| course.loudness.verbose = true);
    let flagged = ran(&[("a/a", Some(fake::flagged("a/a"))), ("a/b", Some(fake::passed("a/b")))], |_| {});
    for ran in [alone, verbose, flagged] {
        assert!(ran.results.contains("step │ A"), "{}", ran.results);
        assert!(ran.results.contains(".json --stores local\n\n"), "{}", ran.results);
    }
}

#[test]
fn quiet_tells_surprises_and_totals() {
    let quiet = |course: &mut Course<'_>| course.loudness.quiet = true;
    assert_eq!(ran(&two(), quiet).results, "2 scenarios: 2 as expected\n");
    let missed = ran(&[("a/a", Some(fake::missed("a/a")))], quiet);
    assert!(missed.results.contains("MISSED BUG"));
    assert_eq!(missed.exit, Exit::Surprise);
}

/// The exit code is 1 because of a violation that would else be expected: the line, the story and the totals say it,
/// also to those who want to hear of surprises only.
#[test]
fn strict_pass_says_why_it_ends_with_1() {
    for quiet in [false, true] {
        let ran = ran(&two(), |course| (course.is_strict_pass, course.loudness.quiet) = (true, quiet));
        assert_eq!(ran.exit, Exit::Surprise);
        let told = &ran.results;
        assert!(
            told.contains("✗ counter/get-set  REFUSED by --strict-pass, an expected violation"),
            "{told}"
        );
        assert!(told.contains("step │ A"), "{told}");
        assert!(
            told.ends_with("2 scenarios: 1 as expected, 1 violation refused by --strict-pass\n"),
            "{told}"
        );
    }
}

/// What a signal cut short is told as that, not as a pass.
#[test]
fn interrupted_search_is_not_as_expected() {
    let ran = ran(&[("a/a", Some(fake::interrupted("a/a")))], |course| course.loudness.quiet = true);
    assert!(ran.results.contains("? a/a  interrupted, so not judged"), "{}", ran.results);
    assert!(ran.results.ends_with("1 scenario: 1 interrupted\n"), "{}", ran.results);
}

#[test]
fn records_are_counted_in_words() {
    let noted = |names: &[&'static str]| {
        let outcomes: Vec<_> = names.iter().map(|name| (*name, Some(fake::caught(name)))).collect();
        ran(&outcomes, |_| {}).notes
    };
    assert!(noted(&["a/a", "a/b"]).contains("wrote the run and the records of its 2 violations to `OUT`"));
    let passed = ran(&[("a/a", Some(fake::passed("a/a")))], |_| {});
    assert!(passed.notes.contains("wrote the run to `OUT`"), "{}", passed.notes);
}

/// A program that reads stdout gets one document, whatever else there is to say.
#[test]
fn json_is_the_only_thing_on_stdout() {
    let ran = ran(&two(), |course| course.format = Format::Json);
    let document = Document::parse(ran.results.as_bytes(), "stdout".as_ref()).expect("a document");
    assert_eq!(document.outcomes.len(), 2);
}

#[test]
fn fail_fast_ends_after_the_first_that_is_not_as_expected() {
    let outcomes = || {
        ["a/a", "a/b", "a/c"]
            .map(|name| (name, Some(if name == "a/b" { fake::unsure(name) } else { fake::caught(name) })))
    };
    let fast = ran(&outcomes(), |course| course.is_fail_fast = true);
    assert_eq!((fast.explored, fast.exit), (vec!["a/a".to_owned(), "a/b".to_owned()], Exit::Inconclusive));
    assert!(fast.notes.contains("1 of 3 scenarios did not run"));
    let slow = ran(&outcomes(), |_| {});
    assert_eq!(slow.explored.len(), 3);
    let strict = ran(&outcomes(), |course| (course.is_fail_fast, course.is_strict_pass) = (true, true));
    assert_eq!((strict.explored.len(), strict.exit), (1, Exit::Surprise));
}

/// What was explored before a store died is told and stored, and the exit code says that it is not all.
#[test]
fn failure_of_the_engine_keeps_what_was_found_before() {
    let ran = ran(&[two().remove(0), ("a/b", None), ("a/c", Some(fake::passed("a/c")))], |_| {});
    assert_eq!(ran.exit, Exit::Environment);
    assert_eq!(ran.explored, ["counter/get-set", "a/b"]);
    assert!(ran.notes.contains("`a/b` could not be explored\nerror: failed to start the runtime"));
    let whole = Document::read(&ran.folder.path().join("report.json")).expect("the run so far");
    assert_eq!(whole.outcomes.len(), 1);
}

#[test]
fn signal_ends_the_run_after_the_scenario() {
    let asked = Cell::new(0);
    let signal = || {
        asked.set(asked.get() + 1);
        Some(15)
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut explorer = Fake::answering(two());
    let mut output = Output::to(Box::new(Captured::default()), Box::new(Captured::default()), Style::plain());
    let course = Course { signal: &signal, ..course(&two(), folder.path()) };
    let exit = course.run(&mut explorer, None, &mut output).expect("the folder can be written to");
    assert_eq!((exit.code(), explorer.explored.len()), (143, 1));
    assert!(folder.path().join("report.json").exists());
}

/// `isolation/skew`: possible below serializable, as its card expects.
fn swept() -> Vec<(&'static str, Option<Outcome>)> {
    let name = "isolation/skew";
    let mut outcomes = [
        fake::at(Isolation::ReadCommitted, fake::caught(name)),
        fake::at(Isolation::RepeatableRead, fake::caught(name)),
        fake::at(Isolation::Serializable, fake::passed(name)),
    ];
    for level in 0..3 {
        let (key, expected) = (Isolation::ALL[level], outcomes[level].card.expected.clone());
        for outcome in &mut outcomes {
            outcome.card.isolation.insert(key, expected.clone());
        }
    }
    outcomes.map(|outcome| (name, Some(outcome))).into()
}

/// A row and a record for each level, the table after the totals; two violations of one scenario are two records.
#[test]
fn scenario_at_several_levels_has_a_row_and_a_record_for_each() {
    let ran = ran(&swept(), |_| {});
    assert_eq!(ran.exit, Exit::AsExpected);
    insta::assert_snapshot!(ran.results);
    assert_eq!(ran.explored.len(), 3);
    for level in ["read-committed", "repeatable-read"] {
        let record = ran.folder.path().join(format!("isolation-skew@{level}.json"));
        let record = Document::read(&record).expect("a record");
        assert_eq!(record.outcomes[0].isolation.map(Isolation::name), Some(level));
    }
    assert!(ran.notes.contains("the records of its 2 violations"), "{}", ran.notes);
}

/// `lock/fragile`: holds as long as nobody crashes, as its card expects.
fn under_models() -> Vec<(&'static str, Option<Outcome>)> {
    let name = "lock/fragile";
    let mut outcomes = [
        fake::under("none", fake::passed(name)),
        fake::under("pause", fake::passed(name)),
        fake::under("crash", fake::caught(name)),
    ];
    let expected = outcomes.clone().map(|outcome| (outcome.model, outcome.card.expected));
    for outcome in &mut outcomes {
        outcome.card.models = expected.clone().into();
    }
    outcomes.map(|outcome| (name, Some(outcome))).into()
}

/// As with levels: a row and a record for each model, and the table after the totals.
#[test]
fn scenario_under_several_models_has_a_row_and_a_record_for_each() {
    let ran = ran(&under_models(), |_| {});
    assert_eq!(ran.exit, Exit::AsExpected);
    insta::assert_snapshot!(ran.results);
    assert_eq!(ran.explored, ["none", "pause", "crash"].map(|model| format!("lock/fragile under {model}")));
    let record = Document::read(&ran.folder.path().join("lock-fragile@crash.json")).expect("a record");
    assert_eq!(record.outcomes[0].model.to_string(), "crash");
    let whole = Document::read(&ran.folder.path().join("report.json")).expect("the whole run");
    assert_eq!(whole.sweeps[0].columns, ["none", "pause", "crash"]);
}

/// A scenario that its card judges under one model is judged under another if the verdict follows from that.
#[test]
fn model_that_follows_from_the_card_is_judged_and_others_are_not() {
    let under = |model: &str, mut outcome: Outcome| {
        outcome.model = model.parse().expect("a model");
        outcome.coverage.faults.insert("crash".to_owned(), 1);
        outcome
    };
    let ran = ran(
        &[
            ("a/correct", Some(under("none", fake::passed("a/correct")))),
            ("a/broken", Some(under("pause+crash", fake::caught("a/broken")))),
            ("a/other", Some(under("crash", fake::caught("a/other")))),
        ],
        |_| {},
    );
    assert_eq!(ran.exit, Exit::AsExpected);
    assert!(ran.results.ends_with("3 scenarios: 2 as expected, 1 not judged\n"), "{}", ran.results);
}

#[test]
fn levels_that_did_not_run_are_counted_as_runs() {
    let mut outcomes = swept();
    outcomes[1].1 = Some(fake::at(Isolation::RepeatableRead, fake::unsure("isolation/skew")));
    let fast = ran(&outcomes, |course| course.is_fail_fast = true);
    assert_eq!(fast.explored, ["isolation/skew @ read-committed", "isolation/skew @ repeatable-read"]);
    assert!(fast.notes.contains("1 of 3 runs did not run"), "{}", fast.notes);
    assert!(fast.results.contains("1 scenario in 2 runs: 1 as expected, 1 inconclusive"), "{}", fast.results);
}

/// Nothing is said of a level by the card: that is no surprise, but it is seen, even by those who want surprises only.
#[test]
fn outcome_that_is_not_judged_is_visible_and_no_surprise() {
    let mut outcome = fake::at(Isolation::Serializable, fake::missed("a/a"));
    (outcome.card.needs_splits, outcome.coverage.splits_max) = (true, Some(0));
    let ran = ran(&[("a/a", Some(outcome))], |course| {
        (course.loudness.quiet, course.is_fail_fast) = (true, true);
    });
    assert_eq!(ran.exit, Exit::AsExpected);
    assert!(
        ran.results.contains("? a/a @ serializable  not violated under atomic statements"),
        "{}",
        ran.results
    );
    assert!(ran.results.ends_with("1 scenario: 1 not judged\n"), "{}", ran.results);
}
