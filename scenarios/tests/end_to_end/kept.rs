//! Owns the proof that violations are kept, retried first, and marked where they no longer fit.

use std::fs;
use std::path::PathBuf;

use crate::place::{Called, Place, entries};

/// A place with a folder for regressions, in which the lost update of two workers is kept.
fn kept() -> (Place, PathBuf) {
    let place = Place::new();
    fs::create_dir_all(place.path("tests/schedules")).expect("our own folder");
    let told = run(&place, &[]).ended_with(0);
    assert!(told.stderr.contains("0 kept schedules in `tests/schedules`"), "{told:?}");
    assert!(told.stderr.contains("kept the schedule in `tests/schedules/counter-get-set-"), "{told:?}");
    let files = entries(&place.path("tests/schedules"));
    assert_eq!(files.len(), 1, "{files:?}");
    (place, files[0].clone())
}

fn run(place: &Place, words: &[&str]) -> Called {
    let all = ["run", "counter/get-set", "--stores", "local", "--out", "records"];
    place.call(&[&all, words].concat())
}

fn follow(place: &Place, file: &str, words: &[&str]) -> Called {
    place.call(&[&["replay", file, "--guided", "--stores", "local"], words].concat())
}

/// Puts other text in the place of some in a file, once.
fn edit(file: &PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("it was written");
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).expect("our own file");
}

#[test]
fn kept_violation_is_found_by_the_first_execution_and_kept_once() {
    let (place, file) = kept();
    let before = fs::read_to_string(&file).expect("it was written");
    let told = run(&place, &["--format", "json"]).ended_with(0);
    let outcome = &told.json()["outcomes"][0];
    assert_eq!(outcome["coverage"]["regressions"], 1, "{told:?}");
    assert_eq!(outcome["coverage"]["schedules"], 0, "{told:?}");
    assert_eq!(outcome["regressions"][0]["fate"]["is"], "reproduced");
    assert_eq!(outcome["counterexample"]["replays"]["reproduced"], 10);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), before);
    assert_eq!(entries(&place.path("tests/schedules")).len(), 1);
    assert!(run(&place, &[]).ended_with(0).stdout.contains("found again by a kept schedule"));
    let without = run(&place, &["--no-regressions", "--format", "json"]).ended_with(0);
    assert!(without.json()["outcomes"][0]["regressions"].is_null(), "{without:?}");
    assert_eq!(place.left(), [""; 0]);
}

/// The schedule of the violation is the same, so what is sent along it is put right in the same file.
#[test]
fn schedule_that_violates_with_other_requests_is_renewed() {
    let (place, file) = kept();
    edit(&file, "GET counter", "HGET counter a");
    let told = run(&place, &[]).ended_with(0);
    let reason = "wanted `HGET counter a`, the code sent `GET counter`";
    assert!(told.stderr.contains(&format!("is stale at step 1: {reason}")), "{told:?}");
    assert!(told.stderr.contains("violates with other requests, which it now holds"), "{told:?}");
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(!text.contains("HGET") && !text.contains("stale"), "{text}");
}

/// A kept schedule of code that was put right, as if another scenario had been.
#[test]
fn stale_schedule_is_marked_in_its_file_and_is_no_failure() {
    let (place, file) = kept();
    edit(&file, "counter/get-set", "counter/incr");
    for notes in [1, 0] {
        let told =
            place.call(&["run", "counter/incr", "--stores", "local", "--out", "records"]).ended_with(0);
        let reason = "is stale at step 1: wanted `GET counter`, the code sent `INCRBY counter 1`";
        assert_eq!(told.stderr.matches(reason).count(), notes, "{told:?}");
        assert_eq!(told.stdout.matches(reason).count(), 1, "{told:?}");
        assert!(fs::read_to_string(&file).expect("it is there").contains("  \"stale\": {\"step\":1,"));
    }
}

#[test]
fn bad_file_ends_with_2_and_names_the_line() {
    let (place, file) = kept();
    edit(&file, "\"seed\": 0", "\"seed\": zero");
    let told = run(&place, &[]).ended_with(2);
    assert!(told.stderr.contains(".regression.json` cannot be retried (bring it back from"), "{told:?}");
    assert!(told.stderr.contains("caused by: line 8: "), "{told:?}");
    run(&place, &["--no-regressions"]).ended_with(0);
}

/// Both a kept schedule and a record can be followed; a kept one has no answers to compare, so it cannot be replayed.
#[test]
fn schedule_is_followed_as_far_as_it_fits() {
    let (place, file) = kept();
    let path = file.display().to_string();
    let told = follow(&place, "records/counter-get-set.json", &[]).ended_with(0);
    assert!(told.stdout.ends_with("fits      to its end (4 steps)\nviolated\n"), "{told:?}");
    follow(&place, &path, &["--strict-pass"]).ended_with(1);
    let unguided = place.call(&["replay", &path, "--stores", "local"]).ended_with(2);
    assert!(unguided.stderr.contains("(pass `--guided`)"), "{unguided:?}");
    edit(&file, "\"team\": [\"A\",\"B\"]", "\"team\": [\"A\"]");
    let alone = follow(&place, &path, &[]).ended_with(3);
    let departs = "at step 2 of 4: wanted the choice `B` with `GET counter`, but possible is A\n";
    assert!(alone.stdout.contains(departs) && alone.stdout.ends_with("no violation\n"), "{alone:?}");
    assert_eq!(place.left(), [""; 0]);
}
