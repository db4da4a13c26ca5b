//! Owns the proof of what fault models do to a run: which rows there are, what is judged, and that a record replays
//! under its own.

use crate::place::Place;

/// A correct variant holds where less may happen than its card allows, and that is judged.
#[test]
fn correct_variant_without_pauses_is_as_expected() {
    let place = Place::new();
    let told = place.call(&["run", "counter/incr", "--no-time", "--stores", "local"]).ended_with(0);
    assert!(told.stderr.starts_with("seed 0, portfolio, no faults, no pauses, "), "{told:?}");
    assert!(told.stdout.contains("counter/incr under none"), "{told:?}");
    assert!(told.stdout.ends_with("1 scenario: 1 as expected\n"), "{told:?}");
}

/// A broken variant stays broken where more may happen; its record says under which model, so its replay needs no flag.
#[test]
fn violation_under_a_fault_model_replays_from_its_record() {
    let place = Place::new();
    let run = ["run", "counter/get-set", "--fault", "crash", "--stores", "local", "--out", "records"];
    let told = place.call(&run).ended_with(0);
    assert!(told.stdout.contains("model     at most one crash, pauses at any moment"), "{told:?}");
    let record = "records/counter-get-set@pause+crash.json";
    let told = place.call(&["replay", record, "--stores", "local"]).ended_with(0);
    assert!(told.stdout.contains("record    counter/get-set under pause+crash\n"), "{told:?}");
    assert!(told.stdout.ends_with("reproduced 10/10\n"), "{told:?}");
}

#[test]
fn contradiction_of_flags_ends_with_2() {
    let place = Place::new();
    let told = place.call(&["run", "counter/incr", "--fault", "crash", "--faults", "0"]).ended_with(2);
    assert!(told.stderr.contains("`--faults 0` lets nothing break"), "{told:?}");
}
