//! All 52 recorded histories of etcd are judged as other checkers judge them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use raceproof::check::linearizability::{Judgement, Limits, check};
use raceproof::check::models::CasRegister;
use raceproof::check::reading;
use raceproof::history::Operation;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/etcd")
}

fn operations(name: &str) -> Vec<Operation> {
    let text = fs::read_to_string(corpus().join(name)).expect("the history is in the repository");
    let mut histories = reading::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    histories.remove(0).operations
}

fn expected() -> BTreeMap<String, String> {
    let text = fs::read_to_string(corpus().join("expected.json")).expect("it is in the repository");
    serde_json::from_str(&text).expect("names and verdicts")
}

#[test]
fn histories_are_judged_as_expected() {
    let expected = expected();
    assert_eq!(expected.len(), 52);
    for (name, verdict) in expected {
        let operations = operations(&name);
        let judgement = check(&CasRegister::default(), &operations, &Limits::default()).expect("a register");
        let found = match &judgement {
            Judgement::Linearizable(_) => "linearizable",
            Judgement::Broken(_) => "not-linearizable",
            Judgement::Undecided(_) => "undecided",
        };
        assert_eq!(found, verdict, "{name}: {:?}", judgement.opinion(&operations));
    }
}

/// The first process reads 3 although it was overwritten: the explanation ends there, and each operation before it fits.
#[test]
fn prefix_of_a_broken_history_is_linearizable_and_with_a_blocked_operation_it_is_not() {
    for (name, verdict) in expected() {
        let operations = operations(&name);
        let judge = |operations: &[Operation]| {
            check(&CasRegister::default(), operations, &Limits::default()).expect("a register")
        };
        let Judgement::Broken(stuck) = judge(&operations) else {
            assert_eq!(verdict, "linearizable", "{name}");
            continue;
        };
        let prefix: Vec<_> = stuck.prefix.iter().map(|point| operations[point.operation].clone()).collect();
        assert!(matches!(judge(&prefix), Judgement::Linearizable(_)), "{name}");
        assert!(!stuck.blocked.is_empty(), "{name}");
    }
}
