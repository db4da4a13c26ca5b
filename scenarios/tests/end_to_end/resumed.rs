//! Owns the proof that a search that was ended goes on from where it stood, and from nowhere else.

use std::fs;

use serde_json::Value;

use crate::place::{Called, Place};
use crate::running::{LONG, Running};

const FILE: &str = "records/checkpoints/counter-get-set.json";

fn run(place: &Place, words: &[&str]) -> Called {
    let all =
        ["run", "counter/get-set", "--keep-going", "--no-reduction", "--workers", "3", "--stores", "local"];
    place.call(&[&all, ["--out", "records", "--format", "json"].as_slice(), words].concat())
}

/// The outcome of the only scenario, without what depends on how often the search was ended.
fn outcome(called: &Called) -> Value {
    let mut outcome = called.json()["outcomes"][0].clone();
    let coverage = outcome["coverage"].as_object_mut().expect("an object");
    for name in ["elapsed_us", "resumed"] {
        coverage.remove(name);
    }
    // Which server it was is not said by its number.
    outcome.as_object_mut().expect("an object").remove("stores");
    outcome
}

/// Ten schedules, then all: the outcome, with its evidence, is that of a run that was not ended; and the file is gone.
#[test]
fn search_that_was_ended_goes_on_to_the_same_end() {
    let place = Place::new();
    let expected = run(&place, &["--schedules", "10000"]).ended_with(0);
    assert!(!place.path(FILE).exists(), "{expected:?}");
    let first = run(&place, &["--schedules", "10"]).ended_with(0);
    let told = format!(
        "`counter/get-set` has not come to its end: `--resume` with the same arguments goes on from `{FILE}`"
    );
    assert!(first.stderr.contains(&told), "{first:?}");
    let same = run(&place, &["--schedules", "10", "--resume"]).ended_with(0);
    let told = format!(
        "`counter/get-set` goes on behind 10 schedules (raise `--schedules` beyond that), from `{FILE}`"
    );
    assert!(same.stderr.contains(&told), "{same:?}");
    let last = run(&place, &["--schedules", "10000", "--resume"]).ended_with(0);
    assert!(last.stderr.contains(&format!("goes on behind 10 schedules, from `{FILE}`")), "{last:?}");
    assert_eq!(last.json()["outcomes"][0]["coverage"]["resumed"], 2);
    let (expected, last) = (outcome(&expected), outcome(&last));
    assert_eq!(last["coverage"]["exhausted"], true);
    assert_eq!(last, expected);
    assert!(!place.path(FILE).exists(), "what has come to its end has none");
    let anew = run(&place, &["--schedules", "10000", "--resume"]).ended_with(0);
    assert!(
        anew.stderr.contains(&format!("`counter/get-set` begins anew: there is no `{FILE}`")),
        "{anew:?}"
    );
}

/// Each of two engines goes on with its part, also one whose part is at its end; together they come to what one engine comes to.
#[test]
fn search_of_several_jobs_goes_on_to_the_same_end() {
    let place = Place::new();
    let run = |place: &Place, words: &[&str]| run(place, &[&["--strategy", "dfs"], words].concat());
    let file = |part: &str| format!("records/checkpoints/counter-get-set@{part}.json");
    let count = |called: &Called| {
        let coverage = outcome(called)["coverage"].clone();
        ["schedules", "violating", "final_states", "exhausted"].map(|name| coverage[name].clone())
    };
    let expected = run(&place, &["--schedules", "10000"]).ended_with(0);
    let first = run(&place, &["--schedules", "10", "--jobs", "2"]).ended_with(0);
    let from = format!("goes on from `{}` and one other", file("1-of-2"));
    assert!(first.stderr.contains(&from), "{first:?}");
    // Nearly everything: one of the two has nothing left then.
    run(&place, &["--schedules", "88", "--jobs", "2", "--resume"]).ended_with(0);
    let last = run(&place, &["--schedules", "10000", "--jobs", "2", "--resume"]).ended_with(0);
    assert!(last.stderr.contains("`counter/get-set` goes on behind "), "{last:?}");
    assert_eq!(count(&last), count(&expected));
    let evidence = |called: &Called| outcome(called)["counterexample"]["shrunk"]["schedule"].clone();
    assert_eq!((evidence(&last), evidence(&first).is_string()), (evidence(&first), true));
    assert!(["1-of-2", "2-of-2"].iter().all(|part| !place.path(&file(part)).exists()));
    let other = run(&place, &["--schedules", "10", "--jobs", "3", "--resume"]).ended_with(0);
    let none = format!("begins anew: there is no `{}`", file("1-of-3"));
    assert!(other.stderr.contains(&none), "{other:?}");
}

/// Before anything starts, with what differs; the file stays as it is.
#[test]
fn checkpoint_that_does_not_belong_is_refused_as_usage() {
    let place = Place::new();
    run(&place, &["--schedules", "10"]).ended_with(0);
    let text = fs::read_to_string(place.path(FILE)).expect("it was written");
    let refused = |words: &[&str], why: &str| {
        let called = run(&place, &[&["--resume"], words].concat()).ended_with(2);
        assert!(called.stderr.contains(&format!("error: failed to go on from `{FILE}`")), "{called:?}");
        assert!(called.stderr.contains(why), "{called:?}");
    };
    refused(&["--seed", "7"], "another search: `seed` was 0 and is 7 (give the same arguments, or");
    let program = format!("\"program\":\"{}\"", env!("CARGO_PKG_VERSION"));
    for (damaged, why) in [
        (text.replace(&program, "\"program\":\"0.0.1\""), "raceproof 0.0.1 wrote it"),
        ("nothing".to_owned(), "it is no checkpoint of raceproof"),
        (text[..text.len() / 2].to_owned(), "it is damaged (delete it, or run without `--resume`"),
    ] {
        fs::write(place.path(FILE), &damaged).expect("our own file");
        refused(&[], why);
        assert_eq!(fs::read_to_string(place.path(FILE)).expect("it is there"), damaged);
    }
    let burst = run(&place, &["--resume", "--strategy", "burst"]);
    assert_eq!(burst.code, Some(2), "{burst:?}");
    assert_eq!(place.left(), [""; 0]);
}

/// The signal ends the search in its usual way, and it goes on when the user wants.
#[test]
fn interrupted_search_leaves_its_checkpoint() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let place = Place::new();
        let mut running = Running::start(&place, "local");
        running.signal(signal);
        assert_eq!(running.wait(), Some(code));
        let file = "raceproof-records/checkpoints/counter-incr.json";
        assert!(place.path(file).exists(), "{signal}");
        let short = LONG.map(|word| if word == "10m" { "1ms" } else { word });
        let words = [short.as_slice(), &["--stores", "local", "--resume"]].concat();
        let resumed = place.call(&words).ended_with(0);
        assert!(resumed.stderr.contains("`counter/incr` goes on behind "), "{resumed:?}");
        assert!(place.path(file).exists(), "it has not come to its end yet");
    }
}
