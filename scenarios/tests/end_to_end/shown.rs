//! Owns the proof of what the program shows of races in Postgres: inside a statement, in a deadlock, and in a herd.

use std::fs;

use serde_json::Value;

use crate::place::Place;

const WHERE_NOT_EXISTS: &str = "inventory/insert-where-not-exists";

/// Tools that take a statement for one step report this code as correct.
#[test]
fn race_inside_one_statement_is_caught_soon_and_replays() {
    let place = Place::new();
    let run = ["run", WHERE_NOT_EXISTS, "--stores", "local", "--format", "json", "--out", "records"];
    let outcome = &place.call(&run).ended_with(0).json()["outcomes"][0];
    assert_eq!(outcome["verdict"]["is"], "violation");
    assert!(outcome["coverage"]["first_violation"].as_u64() <= Some(10), "{}", outcome["coverage"]);
    let record = "records/inventory-insert-where-not-exists.json";
    let told = place.call(&["replay", record, "--stores", "local"]).ended_with(0);
    assert!(told.stdout.ends_with("reproduced 10/10\n"), "{told:?}");
}

/// It is neither a pass nor a missed bug: the violation is outside of what was searched, and that is said.
#[test]
fn race_inside_one_statement_is_not_judged_where_statements_are_atomic() {
    let place = Place::new();
    let told = place.call(&["run", WHERE_NOT_EXISTS, "--no-split", "--stores", "local"]).ended_with(0);
    assert!(told.stdout.contains("not violated under atomic statements"), "{told:?}");
    assert!(told.stdout.ends_with("1 scenario: 1 not judged\n"), "{told:?}");
}

/// Whom the server gives up is a choice of the schedule, so the same one falls each time.
#[test]
fn victim_of_a_deadlock_is_in_the_schedule_and_falls_again_in_each_replay() {
    let place = Place::new();
    let run =
        ["run", "inventory/two-skus-opposite-order", "--keep-going", "--stores", "local", "--out", "records"];
    let told = place.call(&run).ended_with(0);
    assert!(told.stdout.contains("victim of the deadlock"), "{told:?}");

    let record = "records/inventory-two-skus-opposite-order.json";
    let text = fs::read(place.path(record)).expect("it was written");
    let document: Value = serde_json::from_slice(&text).expect("JSON");
    let schedule = &document["outcomes"][0]["counterexample"]["shrunk"]["schedule"];
    assert!(schedule.as_str().is_some_and(|schedule| schedule.contains('#')), "{schedule}");

    let told = place.call(&["replay", record, "--repeat", "20", "--stores", "local"]).ended_with(0);
    assert!(told.stdout.ends_with("reproduced 20/20\n"), "{told:?}");
}

/// Who of many that wait for one row or one key goes on first is decided by the schedule and not by the server.
#[test]
fn herds_tell_the_same_history_each_time() {
    let place = Place::new();
    let herds = ["inventory/unique-herd", "inventory/seat-unique-herd", "inventory/foreign-key-herd"];
    let run = [&["run"], &herds[..], &["--repeat", "5", "--schedules", "60", "--stores", "local"]].concat();
    let told = place.call(&run).ended_with(0);
    let same = "each schedule executed 5 times: 0 differing histories";
    assert_eq!(told.stdout.matches(same).count(), herds.len(), "{told:?}");
}
