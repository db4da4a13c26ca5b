//! Owns the proof that a record reproduces its violation, and that one that no longer fits says where.

use std::fs;

use serde_json::Value;

use crate::place::{Called, Place};

const RECORD: &str = "records/counter-get-set.json";

/// A place with the record of a lost update; 2 workers, `A B B A`.
fn recorded() -> Place {
    let place = Place::new();
    place.call(&["run", "counter/get-set", "--stores", "local", "--out", "records"]).ended_with(0);
    place
}

/// Replays the record after `edit` has been at it.
fn replay_edited(place: &Place, edit: impl FnOnce(&mut Value)) -> Called {
    let path = place.path(RECORD);
    let mut record: Value = serde_json::from_slice(&fs::read(&path).expect("it was written")).expect("JSON");
    edit(&mut record["outcomes"][0]["counterexample"]["shrunk"]);
    fs::write(&path, record.to_string()).expect("our own file");
    place.call(&["replay", RECORD, "--stores", "local"])
}

#[test]
fn record_reproduces_its_violation_on_both_providers() {
    let place = recorded();
    for provider in crate::PROVIDERS {
        let told = place.call(&["replay", RECORD, "--stores", provider]).ended_with(0);
        assert!(told.stdout.ends_with("reproduced 10/10\n"), "{told:?}");
        let strict = place.call(&["replay", RECORD, "--stores", provider, "--strict-pass"]);
        assert_eq!(strict.code, Some(1), "{strict:?}");
    }
    assert_eq!(place.left(), [""; 0]);
}

/// A worker that is not there any more: the first choice that is impossible is named, and what is possible instead.
#[test]
fn schedule_that_no_longer_fits_ends_with_3_and_names_the_step() {
    let place = recorded();
    let told = replay_edited(&place, |shrunk| shrunk["schedule"] = "A B B C".into()).ended_with(3);
    assert!(told.stdout.contains("differs at step 4: `C` is wanted, possible is A"), "{told:?}");
    assert!(told.stdout.contains("not reproduced 0/10"), "{told:?}");
}

/// The schedule fits, but what the code says at a step is not what was recorded.
#[test]
fn other_history_than_recorded_ends_with_3_and_names_the_step() {
    let place = recorded();
    let told = replay_edited(&place, |shrunk| shrunk["schedule"] = "A A B B".into()).ended_with(3);
    assert!(told.stdout.contains("differs at step 2: expected B: `GET counter`"), "{told:?}");
}

/// A file that cannot be replayed is the caller's mistake, and no store is started for it.
#[test]
fn damaged_schedule_ends_with_2() {
    let place = recorded();
    let told = replay_edited(&place, |shrunk| shrunk["schedule"] = "A ? B".into()).ended_with(2);
    assert!(told.stderr.contains("choice 2 of the schedule is not understood"), "{told:?}");
}
