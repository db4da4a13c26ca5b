//! Owns the proof that the catalogue comes out as expected on real stores, and twice the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::PROVIDERS;
use crate::place::Place;

fn outcomes(document: &Value) -> &[Value] {
    document["outcomes"].as_array().expect("a record has outcomes")
}

/// The document without what a clock measured and without how the program was called.
fn timeless(mut document: Value) -> Value {
    let begun = document.as_object_mut().expect("a record").remove("begun_ms");
    assert!(begun.is_some_and(|begun| begun.is_u64()));
    for outcome in document["outcomes"].as_array_mut().expect("a record has outcomes") {
        let elapsed = outcome["coverage"].as_object_mut().expect("coverage").remove("elapsed_us");
        assert!(elapsed.is_some_and(|elapsed| elapsed.is_u64()));
    }
    document
}

/// Every pass at a level is exhausted within them, but of three workers.
const SCHEDULES: &str = "200";
/// The most schedules until a violation of the catalogue is found.
const FOUND_WITHIN: u64 = 200;

/// What the exit code claims is in the record too: a broken variant is caught, and its violation replays.
fn is_as_expected(outcome: &Value) {
    let name = format!("{} at {} under {}", outcome["card"]["name"], outcome["isolation"], outcome["model"]);
    let (level, model) = (outcome["isolation"].as_str(), outcome["model"].as_str());
    let card = &outcome["card"];
    let of_level = level.and_then(|level| card["isolation"].get(level));
    let of_model = model.and_then(|model| card["models"].get(model));
    let expected = of_level.or(of_model).unwrap_or(&card["expected"]);
    let coverage = &outcome["coverage"];
    assert_eq!(outcome["verdict"]["is"], expected["is"], "{name}");
    assert_eq!((&coverage["differing"], &coverage["undecided_wakings"]), (&0.into(), &0.into()), "{name}");
    if expected["is"] == "violation" {
        let replays = &outcome["counterexample"]["replays"];
        assert_eq!((&replays["reproduced"], &replays["differing"]), (&10.into(), &0.into()), "{name}");
        assert!(coverage["first_violation"].as_u64() <= Some(FOUND_WITHIN), "{name}: {coverage}");
    }
}

/// No scenario is left out but those with fault models, which the test of the catalogue runs under each of them; and
/// each level of which a card speaks is a run of its own.
#[test]
fn catalogue_comes_out_as_expected_at_all_levels() {
    let place = Place::new();
    let listed = place.call(&["list", "--format", "json"]).ended_with(0).json();
    let listed = listed["scenarios"].as_array().expect("a list has scenarios");
    let name = |card: &Value| card["name"].as_str().expect("a name").to_owned();
    let names: BTreeSet<String> = listed.iter().filter(|card| card["models"].is_null()).map(name).collect();
    // Samples would spend a part of the schedules.
    let stores = ["--format", "json", "--stores", "local", "--strategy", "dfs"];
    let options = stores.into_iter().chain(["--budget", "30s", "--schedules", SCHEDULES]);
    let run: Vec<&str> = ["run"].into_iter().chain(names.iter().map(String::as_str)).chain(options).collect();
    let document = place.call(&run).ended_with(0).json();
    let judged: BTreeSet<String> = outcomes(&document).iter().map(|outcome| name(&outcome["card"])).collect();
    assert_eq!(judged, names);
    for outcome in outcomes(&document) {
        is_as_expected(outcome);
        let is_pass = outcome["verdict"]["is"] == "pass";
        if is_pass && outcome["isolation"].is_string() && outcome["workers"] == 2 {
            assert_eq!(outcome["coverage"]["exhausted"], true, "{}", outcome["card"]["name"]);
        }
    }
    assert_eq!(place.left(), [""; 0], "nothing is left in the temp folder");
}

/// What a level prevents is found in no schedule of all: statements are atomic here, so that three transactions are
/// exhausted in seconds. With statements split the others are exhausted in the test of the whole catalogue.
#[test]
fn isolation_table_equals_the_published_one_on_both_providers() {
    for provider in PROVIDERS {
        let place = Place::new();
        let run = ["run", "isolation", "--no-split", "--budget", "5m", "--stores", provider];
        let told = place.call(&run).ended_with(0);
        assert!(told.stdout.contains("isolation: equals the published table\n"), "{told:?}");
        assert!(told.stdout.contains("12 scenarios in 36 runs: 36 as expected"), "{told:?}");
        assert_eq!(place.left(), [""; 0], "nothing is left in the temp folder");
    }
}

/// With statements atomic, every correct variant of the family has few enough schedules for all of them.
#[test]
fn counter_family_comes_out_as_expected_on_both_providers() {
    for provider in PROVIDERS {
        let place = Place::new();
        let run =
            ["run", "counter", "--no-split", "--budget", "1m", "--format", "json", "--stores", provider];
        let document = place.call(&run).ended_with(0).json();
        let (mut broken, mut correct) = (0, 0);
        for outcome in outcomes(&document) {
            is_as_expected(outcome);
            let (name, stores) = (&outcome["card"]["name"], outcome["stores"].as_array().expect("a list"));
            let is_provided = stores[0].as_str().is_some_and(|line| line.contains(provider));
            assert!(is_provided, "{name}: {stores:?}");
            if outcome["verdict"]["is"] == "violation" {
                broken += 1;
            } else {
                correct += 1;
                assert_eq!(outcome["coverage"]["exhausted"], true, "{name}");
            }
        }
        assert!(broken > 0 && correct > 0, "the family has both kinds: {broken} and {correct}");
        assert_eq!(place.left(), [""; 0], "nothing is left in the temp folder");
    }
}

/// Locks, herds, deadlocks and split statements, where the server's processes are those of a container.
#[test]
fn inventory_comes_out_as_expected_on_docker() {
    let place = Place::new();
    let run = ["run", "inventory", "--schedules", "40", "--format", "json", "--stores", "docker"];
    let document = place.call(&run).ended_with(0).json();
    outcomes(&document).iter().for_each(is_as_expected);
    assert_eq!(place.left(), [""; 0], "nothing is left in the temp folder");
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
        let run = [&run[..], &["--schedules", "60", "--keep-going"]].concat();
        let document = || timeless(place.call(&run).json());
        let (first, second) = (document(), document());
        assert!(!outcomes(&first).is_empty());
        assert!(first == second, "{strategy}: {first:#}\n{second:#}");
    }
}

/// Three workers of two steps have 6!/(2!)^3 = 90 interleavings, in 25 classes; each is visited once, and every total shows.
#[test]
fn three_workers_of_get_and_set_have_exactly_90_schedules() {
    let place = Place::new();
    let run =
        ["run", "counter/get-set", "--workers", "3", "--keep-going", "--format", "json", "--stores", "local"];
    let search = |more: &[&str]| place.call(&[&run[..], more].concat()).ended_with(0).json();
    let reduced = search(&[]);
    let coverage = &outcomes(&reduced)[0]["coverage"];
    assert_eq!((&coverage["schedules"], &coverage["exhausted"]), (&25.into(), &true.into()), "the classes");
    let document = search(&["--no-reduction", "--strategy", "dfs"]);
    let outcome = &outcomes(&document)[0];
    let coverage = &outcome["coverage"];
    assert_eq!((&coverage["schedules"], &coverage["exhausted"]), (&90.into(), &true.into()));
    let states: Vec<&String> = coverage["final_states"].as_object().expect("counted states").keys().collect();
    assert_eq!(states, ["counter=1", "counter=2", "counter=3"]);
    assert_eq!(coverage["first_violation"], 2);
    assert_eq!(outcome["counterexample"]["shrunk"]["workers"].as_array().map(Vec::len), Some(2));
    assert_eq!(outcome["counterexample"]["replays"]["reproduced"], 10);
}
