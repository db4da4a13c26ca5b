//! Owns the proof that the catalogue comes out as expected on real stores, and twice the same.

use serde_json::Value;

use crate::PROVIDERS;
use crate::place::Place;

fn outcomes(document: &Value) -> &[Value] {
    document["outcomes"].as_array().expect("a record has outcomes")
}

/// The document without what a clock measured and without how the program was called.
fn timeless(mut document: Value) -> Value {
    for outcome in document["outcomes"].as_array_mut().expect("a record has outcomes") {
        let elapsed = outcome["coverage"].as_object_mut().expect("coverage").remove("elapsed_us");
        assert!(elapsed.is_some_and(|elapsed| elapsed.is_u64()));
    }
    document
}

/// What the exit code claims is in the record too: broken variants are caught and replay, correct ones are exhausted.
#[test]
fn counter_family_comes_out_as_expected_on_both_providers() {
    for provider in PROVIDERS {
        let place = Place::new();
        let called = place.call(&["run", "counter", "--format", "json", "--stores", provider]).ended_with(0);
        let document = called.json();
        let (mut broken, mut correct) = (0, 0);
        for outcome in outcomes(&document) {
            let name = &outcome["card"]["name"];
            let (verdict, coverage) = (&outcome["verdict"]["is"], &outcome["coverage"]);
            assert!(
                outcome["stores"][0].as_str().is_some_and(|line| line.contains(provider)),
                "{name}: {outcome}"
            );
            if outcome["card"]["expected"]["is"] == "violation" {
                broken += 1;
                let replays = &outcome["counterexample"]["replays"];
                assert_eq!((verdict, &replays["reproduced"]), (&"violation".into(), &10.into()), "{name}");
                assert_eq!(replays["differing"], 0, "{name}");
            } else {
                correct += 1;
                assert_eq!((verdict, &coverage["exhausted"]), (&"pass".into(), &true.into()), "{name}");
            }
        }
        assert!(broken > 0 && correct > 0, "the family has both kinds: {broken} and {correct}");
        assert_eq!(place.left(), [""; 0], "nothing is left in the temp folder");
    }
}

/// Two processes, two sets of servers, one history: nothing but the seed decides.
#[test]
fn same_seed_gives_the_same_document_but_for_times() {
    let place = Place::new();
    for strategy in ["dfs", "random"] {
        let run = [
            "run",
            "counter",
            "--format",
            "json",
            "--stores",
            "local",
            "--strategy",
            strategy,
            "--seed",
            "7",
        ];
        let run = [&run[..], &["--schedules", "200", "--keep-going"]].concat();
        let document = || timeless(place.call(&run).json());
        let (first, second) = (document(), document());
        assert!(!outcomes(&first).is_empty());
        assert!(first == second, "{strategy}: {first:#}\n{second:#}");
    }
}

/// Three workers of two steps have 6!/(2!)^3 = 90 interleavings; each is visited once, and every total shows.
#[test]
fn three_workers_of_get_and_set_have_exactly_90_schedules() {
    let place = Place::new();
    let run =
        ["run", "counter/get-set", "--workers", "3", "--keep-going", "--format", "json", "--stores", "local"];
    let document = place.call(&run).ended_with(0).json();
    let outcome = &outcomes(&document)[0];
    let coverage = &outcome["coverage"];
    assert_eq!((&coverage["schedules"], &coverage["exhausted"]), (&90.into(), &true.into()));
    let states: Vec<&String> = coverage["final_states"].as_object().expect("counted states").keys().collect();
    assert_eq!(states, ["counter=1", "counter=2", "counter=3"]);
    assert_eq!(coverage["first_violation"], 2);
    assert_eq!(outcome["counterexample"]["shrunk"]["workers"].as_array().map(Vec::len), Some(2));
    assert_eq!(outcome["counterexample"]["replays"]["reproduced"], 10);
}
