//! Owns the proof that the shards of a search, made apart and merged, are the search.

use serde_json::Value;

use crate::place::{Called, Place};

/// 90 schedules: six steps of three workers.
const SEARCH: [&str; 9] =
    ["run", "counter/get-set", "--workers", "3", "--strategy", "dfs", "--keep-going", "--stores", "local"];

/// Calls the program with what every search here has, and `more`.
fn run(place: &Place, more: &[&str]) -> Called {
    place.call(&[&SEARCH, more].concat())
}

/// The four shards, in folders of their own.
fn run_shards(place: &Place, more: &[&str]) {
    for number in 1..=4 {
        let (shard, folder) = (format!("{number}/4"), format!("shard-{number}"));
        let told = run(place, &[&["--shard", &shard, "--out", &folder], more].concat()).ended_with(0);
        assert!(told.stderr.contains(&format!(", shard {shard}, ")), "{told:?}");
        assert!(told.stdout.contains(&format!("in shard {shard}")), "{told:?}");
    }
}

fn only(document: &Value) -> &Value {
    match document["outcomes"].as_array().map(Vec::as_slice) {
        Some([only]) => only,
        _ => panic!("one search was made: {document}"),
    }
}

/// What does not depend on who makes which part.
fn essence(outcome: &Value) -> [&Value; 4] {
    let coverage = &outcome["coverage"];
    [&outcome["verdict"]["is"], &coverage["exhausted"], &coverage["shard"], &coverage["missing"]]
}

fn keys(states: &Value) -> Vec<&String> {
    states.as_object().expect("states").keys().collect()
}

const FOLDERS: [&str; 4] = ["shard-4", "shard-2", "shard-1", "shard-3"];

/// Without reduction every schedule is executed by one of them, so all counts add up.
#[test]
fn four_shards_merged_are_the_search_that_was_not_split() {
    let place = Place::new();
    let whole = run(&place, &["--no-reduction", "--format", "json"]).ended_with(0).json();
    run_shards(&place, &["--no-reduction"]);
    let merge = [&["merge", "--format", "json"], &FOLDERS[..]].concat();
    let merged = place.call(&merge).ended_with(0).json();
    let (whole, merged) = (only(&whole), only(&merged));
    assert_eq!(essence(whole), essence(merged));
    for count in ["schedules", "steps", "violating", "violated", "final_states"] {
        assert_eq!(whole["coverage"][count], merged["coverage"][count], "{count}");
    }
    assert_eq!(
        (&merged["coverage"]["schedules"], &merged["coverage"]["exhausted"]),
        (&90.into(), &true.into())
    );
    assert_eq!(merged["counterexample"]["replays"]["reproduced"], 10);
}

/// With it, each class of equivalent schedules is that of one of them.
#[test]
fn four_shards_merged_reach_what_the_search_that_was_not_split_reaches() {
    let place = Place::new();
    let whole = run(&place, &["--format", "json"]).ended_with(0).json();
    run_shards(&place, &[]);
    let merge = [&["merge", "--format", "json"], &FOLDERS[..]].concat();
    let merged = place.call(&merge).ended_with(0).json();
    let (whole, merged) = (only(&whole), only(&merged));
    assert_eq!(essence(whole), essence(merged));
    let (reached, parts) = (&whole["coverage"]["final_states"], &merged["coverage"]["final_states"]);
    assert_eq!(keys(reached), keys(parts));
}

/// The first execution that belongs to a shard may be one that sleep sets end, which has no end to compare with when it is repeated.
#[test]
fn shard_that_begins_with_a_known_execution_is_searched_to_its_end() {
    let place = Place::new();
    for shard in ["1/2", "2/2"] {
        let search =
            ["run", "counter/pg-read-modify-write", "--workers", "3", "--strategy", "dfs", "--keep-going"];
        let more = ["--stores", "local", "--format", "json", "--shard", shard];
        let told = place.call(&[&search[..], &more].concat()).ended_with(0).json();
        assert_eq!(only(&told)["coverage"]["exhausted"], true, "{shard}: {}", only(&told)["coverage"]);
    }
}

/// What is missing may hold anything; what is there twice, or of another search, is a mistake.
#[test]
fn records_that_are_no_whole_search_are_told() {
    let place = Place::new();
    run_shards(&place, &[]);
    let missing = place.call(&["merge", "shard-1", "shard-2", "shard-4"]).ended_with(3);
    assert!(missing.stdout.contains("shard 3/4 is missing"), "{missing:?}");
    assert!(missing.stderr.contains("shard 3/4 is missing in 1 of 1 search"), "{missing:?}");
    let twice = place.call(&["merge", "shard-1", "shard-2", "shard-1"]).ended_with(2);
    assert!(twice.stderr.contains("shard 1/4 of `counter/get-set` is there twice"), "{twice:?}");
    run(&place, &["--shard", "3/4", "--seed", "1", "--out", "other"]).ended_with(0);
    let other = place.call(&["merge", "shard-1", "shard-2", "other", "shard-4"]).ended_with(2);
    assert!(other.stderr.contains("differ in the seed: `0` and `1`"), "{other:?}");
}

/// A record of the whole can be replayed, and made a page of, as that of a run.
#[test]
fn merged_record_is_one_of_a_run() {
    let place = Place::new();
    run_shards(&place, &[]);
    place.call(&[&["merge", "--out", "whole"], &FOLDERS[..]].concat()).ended_with(0);
    place.call(&["replay", "whole/counter-get-set.json", "--stores", "local"]).ended_with(0);
    place.call(&["report", "whole"]).ended_with(0);
}

/// A broken variant of which a shard sees nothing broken is for the whole to judge.
#[test]
fn shard_without_the_violation_is_not_judged() {
    let place = Place::new();
    let none = ["run", "counter/get-set", "--workers", "1", "--stores", "local", "--shard", "1/2"];
    let told = place.call(&none).ended_with(0);
    assert!(told.stdout.contains("not violated in this shard"), "{told:?}");
    place.call(&["run", "counter/get-set", "--workers", "1", "--stores", "local"]).ended_with(1);
}

/// Which of the two is faster is luck; what they tell is not.
#[test]
fn two_jobs_tell_the_same_each_time() {
    let place = Place::new();
    let found = || {
        let search = ["run", "counter/get-set", "lock/lease-del", "--stores", "local", "--jobs", "2"];
        let document = place.call(&[&search[..], &["--format", "json"]].concat()).json();
        let outcomes = document["outcomes"].as_array().expect("a record has outcomes").clone();
        let told = |outcome: &Value| [outcome["verdict"].clone(), outcome["counterexample"].clone()];
        outcomes.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(found(), found());
}
