//! `raceproof check` from outside: verdicts, exit codes, and what it says of files that make no sense.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const BROKEN: &str = "\
INFO  jepsen.util - 0\t:invoke\t:write\t1\n\
INFO  jepsen.util - 0\t:ok\t:write\t1\n\
INFO  jepsen.util - 1\t:invoke\t:read\tnil\n\
INFO  jepsen.util - 1\t:ok\t:read\tnil\n";

/// The program, called in a folder of its own where `history` lies.
fn check(history: &str, more: &[&str]) -> Output {
    let here = tempfile::tempdir().expect("a temp folder");
    fs::write(here.path().join("history"), history).expect("our own folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_raceproof"));
    command.args(["check", "history"]).args(more).current_dir(here.path());
    command.output().expect("the program was built")
}

fn etcd(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness/tests/corpus/etcd").join(name);
    fs::read_to_string(path).expect("it is in the repository")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn verdict_is_told_and_is_the_exit_code() {
    let fine = check(&etcd("etcd_002.log"), &["--model", "cas-register"]);
    assert_eq!(fine.status.code(), Some(0));
    assert!(stdout(&fine).starts_with("history: linearizable (cas-register, "), "{fine:?}");
    let broken = check(BROKEN, &["--model", "register"]);
    assert_eq!(broken.status.code(), Some(1));
    let told = stdout(&broken);
    assert!(told.starts_with("history: not linearizable (register, 2 operations, "), "{told}");
    assert!(
        told.ends_with(
            " ms)\n  at most 1 of 2 operations fit into one order:\n    A write 1 ok [0, 1]\n  \
             then the state is 1, and none of these can come next:\n    B read → nil [2, 3]\n"
        ),
        "{told}"
    );
}

#[test]
fn limit_leaves_it_undecided() {
    let undecided = check(&etcd("etcd_000.log"), &["--model", "cas-register", "--steps-max", "10"]);
    assert_eq!(undecided.status.code(), Some(3));
    let told = stdout(&undecided);
    assert!(
        told.contains(": undecided (") && told.contains("not decided within 10 steps of the model"),
        "{told}"
    );
}

#[test]
fn file_or_model_that_makes_no_sense_is_told_with_the_place() {
    let torn = BROKEN.replace(":ok\t:write", ":ok\t:wrote");
    for (history, more, told) in [
        (
            torn.as_str(),
            &["--model", "register"][..],
            "line 2, column 27: `wrote` is not what process 0 has invoked",
        ),
        ("Dear diary,", &["--model", "register"], "line 1, column 1: it holds no operation"),
        (BROKEN, &["--model", "queue"], "operation 1: `write` is no operation of a queue"),
        (BROKEN, &["--model", "inventory"], "`--model inventory` needs `--initial`"),
        (BROKEN, &["--model", "rate-limiter"], "`--model rate-limiter` needs `--max`"),
        (BROKEN, &["--model", "weather"], "[possible values: register, cas-register, counter"),
        (BROKEN, &["missing", "--model", "register"], "failed to read `missing`"),
    ] {
        let output = check(history, more);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with("error: ") && error.contains(told) && output.stdout.is_empty(), "{error}");
    }
}

#[test]
fn several_histories_are_summed_up_and_the_gravest_counts() {
    let both = check(BROKEN, &["history", "--model", "register"]);
    assert_eq!(both.status.code(), Some(1));
    let told = stdout(&both);
    assert!(told.contains("2 histories: 0 linearizable, 2 not linearizable, in "), "{told}");
    let weaker = check("[]", &["--model", "mutual-exclusion"]);
    assert!(stdout(&weaker).starts_with("history: holds (mutual-exclusion, 0 operations, "), "{weaker:?}");
}

#[test]
fn json_has_the_points_or_what_was_found() {
    let document = |history: &str| -> Value {
        let output = check(history, &["--model", "register", "--format", "json"]);
        serde_json::from_slice(&output.stdout).expect("JSON and nothing else")
    };
    let broken = document(BROKEN);
    assert_eq!((&broken["format"], &broken["version"]), (&"raceproof-check".into(), &1.into()));
    assert_eq!(broken["histories"][0]["verdict"], "broken");
    assert!(
        broken["histories"][0]["found"].as_str().is_some_and(|found| found.contains("then the state is 1"))
    );
    let fine = document(&BROKEN.replace(":ok\t:read\tnil", ":ok\t:read\t1"));
    assert_eq!(fine["histories"][0]["verdict"], "holds");
    assert_eq!(fine["histories"][0]["points"][1], serde_json::json!({ "operation": 1, "after_event": 2 }));
}

/// The same history is refused at one level and accepted at the level below.
#[test]
fn transactions_are_judged_at_a_level() {
    let skew = "\
{:type :invoke, :process 0, :f :txn, :value [[:r x nil] [:append y 1]]}
{:type :invoke, :process 1, :f :txn, :value [[:r y nil] [:append x 1]]}
{:type :ok, :process 0, :f :txn, :value [[:r x []] [:append y 1]]}
{:type :ok, :process 1, :f :txn, :value [[:r y []] [:append x 1]]}
";
    let serializable = check(skew, &["--model", "list-append"]);
    assert_eq!(serializable.status.code(), Some(1));
    let told = stdout(&serializable);
    assert!(told.ends_with("so A must come before itself: a write skew (G2-item)\n"), "{told}");
    let snapshot = check(skew, &["--model", "list-append", "--level", "snapshot-isolation"]);
    assert_eq!(snapshot.status.code(), Some(0), "{snapshot:?}");
}
