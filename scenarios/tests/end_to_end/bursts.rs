//! Owns the proof that bursts are told and recorded as what they are.

use crate::place::Place;

/// A violation that cannot be replayed: it is in the record, and a replay of it is refused.
#[test]
fn violation_of_a_burst_is_recorded_and_not_replayed() {
    let place = Place::new();
    let run = ["run", "counter/get-set", "--strategy", "burst", "--workers", "8", "--stores", "local"];
    let json = [&run[..], &["--format", "json", "--out", "out"]].concat();
    let document = place.call(&json).ended_with(0).json();
    let outcome = &document["outcomes"][0];
    assert_eq!((&outcome["verdict"]["is"], &outcome["counterexample"]), (&"violation".into(), &().into()));
    let burst = &outcome["bursts"]["violating"];
    assert_eq!(burst["passed"].as_array().map(Vec::len), Some(16));
    assert_eq!(burst["number"], outcome["coverage"]["first_violation"]);
    place.call(&["replay", "out/report.json", "--stores", "local"]).ended_with(2);
    place.call(&["report", "out/report.json"]).ended_with(0);
}
